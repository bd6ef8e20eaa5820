import type { PoolClient } from 'pg';

/** Ms before a connection that broke is made again. */
const pauseMs = 1_000;

/** A connection of a pool; only `pg`'s receives notifications. */
type Connection = Pick<PoolClient, 'release'> & Partial<Pick<PoolClient, 'on' | 'removeListener' | 'query'>>;

/** Uses one connection of a pool to receive notifications of a channel, and takes another whenever it breaks. */
export class NotificationListener {
  #stop: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #opening: Promise<void>;

  /** `channel`: a checked name. */
  constructor(
    private readonly channel: string,
    private readonly heard: (payload: string) => void,
    private readonly connect: () => Promise<unknown>,
  ) {
    this.#opening = this.#open();
  }

  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#opening;
    this.#stop?.();
  }

  async #open(): Promise<void> {
    let client: Connection | undefined;
    try {
      client = (await this.connect()) as Connection;
      if (typeof client.on !== 'function' || this.#ended) {
        client.release();
        return;
      }
      await this.#listenOn(client as PoolClient);
    } catch {
      client?.release(true);
      this.#again();
    }
  }

  async #listenOn(client: PoolClient): Promise<void> {
    const onNotification = ({
      channel,
      payload = '',
    }: {
      channel: string;
      payload?: string | undefined;
    }): void => {
      if (channel === this.channel) this.heard(payload);
    };
    const stop = (): void => {
      this.#stop = undefined;
      client.removeListener('notification', onNotification);
      client.removeListener('error', onError);
      // It may break once more on its way out.
      client.on('error', () => undefined);
      client.release(true);
    };
    const onError = (): void => {
      stop();
      this.#again();
    };
    client.on('notification', onNotification);
    client.on('error', onError);
    this.#stop = stop;
    try {
      await client.query(`listen ${this.channel}`);
    } catch {
      if (this.#stop === stop) onError();
    }
  }

  #again(): void {
    if (this.#ended) return;
    this.#timer = setTimeout(() => {
      this.#opening = this.#open();
    }, pauseMs);
    this.#timer.unref();
  }
}
