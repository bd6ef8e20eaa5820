import type { RedisReply, SendCommandClusterDetails } from 'rate-limit-redis';
import type { Connection } from '../connection/connection.js';
import { StoreUnavailableError } from '../connection/store-unavailable-error.js';
import { CommandBatches } from '../script/command-batch.js';
import { errorCodeIn } from '../script/reply.js';
import type { Script } from '../script/scripts.js';
import {
  countSeveralScript,
  giveBackScript,
  named,
  slideBackScript,
  slideScript,
} from './rate-limit-scripts.js';

const ownScripts = [giveBackScript, countSeveralScript, slideScript, slideBackScript];

/**
 * Sends the commands of rate-limit-redis. Its scripts are not loaded in advance, so that an app starts without a server: each is sent in
 * full to a server that lacks it, and by its digest from then on.
 */
export class RateLimitCommands {
  readonly #connection: Connection;
  readonly #batches: CommandBatches;
  readonly #scripts = new Map<string, Script>(ownScripts.map((script) => [script.sha1, script]));

  constructor(connection: Connection, deadlineMs: number) {
    this.#connection = connection;
    this.#batches = new CommandBatches(deadlineMs);
  }

  async send({ key = '', command }: SendCommandClusterDetails): Promise<RedisReply> {
    const [name = '', ...args] = command;
    switch (name) {
      case 'SCRIPT':
        return this.#remember(args[1] ?? '');
      case 'EVALSHA':
        return this.#run(key, args[0] ?? '', args.slice(1));
      case 'DECR':
        return this.run(key, giveBackScript, 1);
      default:
        return replyOf(await this.#send(key, command));
    }
  }

  /** Runs one of our own scripts on a key, with its numbers. */
  run(key: string, { sha1 }: Script, ...numbers: readonly (number | string)[]): Promise<RedisReply> {
    return this.#run(key, sha1, ['1', key, ...numbers.map(String)]);
  }

  #remember(source: string): string {
    const script = named(source);
    this.#scripts.set(script.sha1, script);
    return script.sha1;
  }

  async #run(key: string, sha1: string, args: string[]): Promise<RedisReply> {
    try {
      return replyOf(await this.#send(key, ['EVALSHA', sha1, ...args]));
    } catch (error) {
      const script = this.#scripts.get(sha1);
      if (!script || errorCodeIn(error) !== 'NOSCRIPT') throw error;
      return replyOf(await this.#send(key, ['EVAL', script.source, ...args]));
    }
  }

  async #send(key: string, command: string[]): Promise<unknown> {
    const batch = this.#batches.enter(this.#connection.circuitOf(key));
    if (!batch) throw new StoreUnavailableError({ fault: 'breaker', operation: 'count', mayHaveRun: false });
    batch.sent();
    try {
      const answer = await this.#connection.send(key, command, batch.signal);
      batch.answered();
      return answer;
    } catch (error) {
      const code = errorCodeIn(error);
      if (code === 'NOSCRIPT') batch.answered();
      else batch.failed(code === undefined);
      throw error;
    }
  }
}

function replyOf(value: unknown): RedisReply {
  if (Array.isArray(value)) return value.map(scalarOf);
  return scalarOf(value);
}

/** rate-limit-redis interprets null as "no counter". */
function scalarOf(value: unknown): boolean | number | string {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  return value === null || value === undefined ? false : String(value);
}
