import type { Connection } from '../connection/connection.js';
import { errorCodeIn, listIn, numberIn } from '../script/reply.js';
import { type Script, scriptOf } from '../script/scripts.js';
import { together } from '../script/together.js';
import { within } from './outbox-stream.js';

/** What a consumer group has to do on one stream. */
export interface StreamState {
  /** Entries wait to be delivered. */
  readonly hasNew: boolean;
  /** Delivered and not acknowledged, by any consumer. */
  readonly pending: number;
  /** Entries of the stream. */
  readonly length: number;
}

const look: Script = scriptOf(`
local states = {}
for i = 1, #KEYS do
  local groups = redis.pcall('XINFO', 'GROUPS', KEYS[i])
  states[i] = false
  for _, fields in ipairs(groups.err and {} or groups) do
    local group = {}
    for at = 1, #fields, 2 do group[fields[at]] = fields[at + 1] end
    if group.name == ARGV[1] then
      local length = redis.call('XLEN', KEYS[i])
      local new = length > 0 and redis.call('XRANGE', KEYS[i], '(' .. group['last-delivered-id'], '+', 'COUNT', 1) or {}
      states[i] = { #new, group.pending, length }
    end
  end
end
return states`);

/** How many streams one script looks at, so that it stays short. */
const mostAtOnce = 64;

/** Looks at all streams of a group at once, since most of them are empty most of the time. */
export class OutboxLook {
  readonly #connection: Connection;
  readonly #keys: readonly string[];
  readonly #group: string;

  constructor(connection: Connection, keys: readonly string[], group: string) {
    this.#connection = connection;
    this.#keys = keys;
    this.#group = group;
  }

  /** By the order of the keys; `missing`: a stream, or the group on it, does not exist. Where a server is away, its error. */
  async states(): Promise<readonly (StreamState | 'missing' | Error)[]> {
    const sent = await together(this.#connection, this.#keys, mostAtOnce, async (keys) =>
      listIn(await this.#run(keys)).map(stateIn),
    );
    return sent.flatMap<StreamState | 'missing' | Error>((one) =>
      'reply' in one ? one.reply : one.part.map(() => errorIn(one.error)),
    );
  }

  /** Not through the server's circuit breaker, whose deadlines are those of requests: a slow reply here must not close it. */
  async #run(keys: readonly string[]): Promise<unknown> {
    const { send } = this.#connection;
    const [key = ''] = keys;
    const rest = [String(keys.length), ...keys, this.#group];
    try {
      return await within(send, key, ['EVALSHA', look.sha1, ...rest]);
    } catch (error) {
      if (errorCodeIn(error) !== 'NOSCRIPT') throw error;
      return within(send, key, ['EVAL', look.source, ...rest]);
    }
  }
}

const errorIn = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

function stateIn(answer: unknown): StreamState | 'missing' {
  if (answer === null) return 'missing';
  const [fresh, pending, length] = listIn(answer).map(numberIn);
  return { hasNew: fresh === 1, pending: pending ?? 0, length: length ?? 0 };
}
