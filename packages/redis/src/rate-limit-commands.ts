import { setMaxListeners } from 'node:events';
import type { RedisReply, SendCommandClusterDetails } from 'rate-limit-redis';
import type { SendCommand } from './connection.js';
import { giveBackScript, named } from './rate-limit-scripts.js';
import type { Script } from './scripts.js';

/**
 * Sends the commands of rate-limit-redis. Its scripts are not loaded beforehand, so that an app starts without a server: each is sent
 * in full to a server that does not know it, and by its digest from then on.
 */
export class RateLimitCommands {
  readonly #send: SendCommand;
  readonly #deadlineMs: number;
  readonly #scripts = new Map<string, Script>([[giveBackScript.sha1, giveBackScript]]);
  #turn: AbortSignal | undefined;

  constructor(send: SendCommand, deadlineMs: number) {
    this.#send = send;
    this.#deadlineMs = deadlineMs;
  }

  async send({ key = '', command }: SendCommandClusterDetails): Promise<RedisReply> {
    const [name = '', ...args] = command;
    switch (name) {
      case 'SCRIPT':
        return this.#remember(args[1] ?? '');
      case 'EVALSHA':
        return this.#run(key, args[0] ?? '', args.slice(1));
      case 'DECR':
        return this.#run(key, giveBackScript.sha1, ['1', key]);
      default:
        return replyOf(await this.#send(key, command, this.#signal()));
    }
  }

  #remember(source: string): string {
    const script = named(source);
    this.#scripts.set(script.sha1, script);
    return script.sha1;
  }

  async #run(key: string, sha1: string, args: string[]): Promise<RedisReply> {
    try {
      return replyOf(await this.#send(key, ['EVALSHA', sha1, ...args], this.#signal()));
    } catch (error) {
      const script = this.#scripts.get(sha1);
      if (!script || !(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return replyOf(await this.#send(key, ['EVAL', script.source, ...args], this.#signal()));
    }
  }

  /** One deadline for everything that is sent in one turn of the event loop: a timer for each command would cost as much again. */
  #signal(): AbortSignal {
    if (this.#turn) return this.#turn;
    const signal = AbortSignal.timeout(this.#deadlineMs);
    setMaxListeners(0, signal);
    this.#turn = signal;
    setImmediate(() => {
      this.#turn = undefined;
    });
    return signal;
  }
}

function replyOf(value: unknown): RedisReply {
  if (Array.isArray(value)) return value.map(scalarOf);
  return scalarOf(value);
}

/** A null is what rate-limit-redis takes for "no counter". */
function scalarOf(value: unknown): boolean | number | string {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  return value === null || value === undefined ? false : String(value);
}
