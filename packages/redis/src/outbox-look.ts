import type { Connection } from './connection.js';
import { listIn, numberIn } from './reply.js';
import { ScriptRunner } from './script-runner.js';
import { type Script, scriptOf } from './scripts.js';

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

const deadlineMs = 2_000;
/** How many streams one script looks at, so that it stays short. */
const mostAtOnce = 64;

/** Looks at all streams of a group at once, since most of them are empty most of the time; in a cluster at one after the other. */
export class OutboxLook {
  readonly #runner: ScriptRunner;
  readonly #parts: readonly (readonly [string, ...string[]])[];
  readonly #group: string;

  constructor(connection: Connection, keys: readonly string[], group: string) {
    this.#runner = new ScriptRunner({ connection, deadlineMs });
    this.#parts = inParts(keys, connection.isCluster ? 1 : mostAtOnce);
    this.#group = group;
  }

  /** By the order of the keys; `undefined` for a stream, or a group on it, that does not exist. Rejects where the server is away. */
  async states(): Promise<readonly (StreamState | undefined)[]> {
    const looks = this.#parts.map((keys) => this.#runner.run('outbox', look, keys, [this.#group]));
    return (await Promise.all(looks)).flatMap((answer) => listIn(answer).map(stateIn));
  }
}

function stateIn(answer: unknown): StreamState | undefined {
  if (answer === null) return undefined;
  const [fresh, pending, length] = listIn(answer).map(numberIn);
  return { hasNew: fresh === 1, pending: pending ?? 0, length: length ?? 0 };
}

function inParts(keys: readonly string[], most: number): [string, ...string[]][] {
  const [first, ...others] = keys.slice(0, most);
  return first === undefined ? [] : [[first, ...others], ...inParts(keys.slice(most), most)];
}
