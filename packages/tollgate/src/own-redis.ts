import { publish } from '@tollgate/core/internal';
import type { CommandClient, HintClient } from '@tollgate/redis';
import type { CommandOptions } from '@tollgate/redis/internal';

/** The parts of node-redis' client that are used. */
interface OpenClient extends CommandClient, HintClient {
  destroy(): void;
}

/** The longest pause between attempts to connect, in ms: a server that is back is found within it. */
const longestPauseMs = 500;
/** A ping every four seconds, and five seconds of silence: a server that is cut off without a word is noticed and left. */
const pingMs = 4_000;
const silenceMs = 5_000;

/** A connection of Tollgate: made in the background, made again whenever it breaks. Commands sent before it is ready wait for it. */
export class OwnRedis implements CommandClient {
  readonly #opening: Promise<OpenClient>;
  #client: OpenClient | undefined;
  #hinting: Promise<OpenClient> | undefined;
  #closed = false;

  constructor(private readonly url: string) {
    this.#opening = this.#open(url);
    // The sender of a command gets the error; at this time there may be none.
    this.#opening.catch(() => undefined);
  }

  sendCommand(args: string[], options?: CommandOptions): Promise<unknown> {
    if (this.#client) return this.#client.sendCommand(args, options);
    return this.#opening.then((client) => client.sendCommand(args, options));
  }

  /** A separate connection for hints, opened for the first subscriber; node-redis subscribes again whenever it breaks. */
  hints(): HintClient {
    return {
      subscribe: async (channel, listener) => {
        this.#hinting ??= this.#open(this.url, true);
        return (await this.#hinting).subscribe(channel, listener);
      },
      unsubscribe: async (channel) => (await this.#hinting)?.unsubscribe(channel),
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    (await this.#opening).destroy();
    (await this.#hinting)?.destroy();
  }

  async #open(url: string, hints = false): Promise<OpenClient> {
    const { createClient } = await import('redis');
    const client = createClient({
      url,
      pingInterval: pingMs,
      socket: {
        connectTimeout: 1_000,
        socketTimeout: silenceMs,
        reconnectStrategy: (tries) => Math.min(longestPauseMs, 20 * 2 ** tries),
      },
    });
    client.on('error', failed);
    client.connect().catch(failed);
    if (!hints) this.#client = client;
    return client;
  }
}

function failed(error: unknown): void {
  publish('tollgate:fault', () => ({
    source: 'redis-connection',
    error: error instanceof Error ? error.name : undefined,
  }));
}
