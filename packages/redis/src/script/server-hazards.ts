import type { WarningCode } from '@tollgate/core/internal';

/** A server's facts about itself. */
export interface ServerFacts {
  /** The answer to INFO: lines of `name:value`. */
  readonly info: string;
  /** When it writes a snapshot, from CONFIG GET save; absent where the server does not return it. */
  readonly save: string | undefined;
  /** Counters that the server loses are rebuilt from a ledger. */
  readonly isRebuilt: boolean;
}

export interface ServerHazard {
  readonly code: WarningCode;
  readonly message: string;
}

/** The oldest version that the scripts are written for. */
const oldest = [6, 2] as const;

/** Settings of a server under which counters may be lost or not work at all. Facts that it does not report are not checked. */
export function serverHazards({ info, save, isRebuilt }: ServerFacts): ServerHazard[] {
  const hazards: ServerHazard[] = [];
  const version = fieldIn(info, 'redis_version');
  if (version !== undefined && isOld(version)) {
    hazards.push({
      code: 'TOLLGATE_W_REDIS_VERSION',
      message: `Redis is ${version}, older than ${oldest.join('.')}: scripts may fail, and nothing is admitted then. Use a newer server.`,
    });
  }
  const policy = fieldIn(info, 'maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    hazards.push({
      code: 'TOLLGATE_W_REDIS_EVICTION',
      message: `Redis has maxmemory-policy "${policy}": a counter that it evicts is an empty one. Set it to noeviction.`,
    });
  }
  const evicted = Number(fieldIn(info, 'evicted_keys') ?? 0);
  if (evicted > 0) {
    hazards.push({
      code: 'TOLLGATE_W_REDIS_EVICTION',
      message: `Redis has evicted ${evicted} keys since it was started: if counters were among them, they have begun at 0 again. Set maxmemory-policy to noeviction, and delete all keys of the prefix, which are rebuilt from "spent".`,
    });
  }
  if (!isRebuilt && fieldIn(info, 'aof_enabled') === '0' && save === '') {
    hazards.push({
      code: 'TOLLGATE_W_REDIS_PERSISTENCE',
      message:
        'Redis has appendonly "no" and save "": when it is started again, every counter is empty and every cap whole. Set appendonly to yes, or give a ledger from which counters are rebuilt ("database", or "spent").',
    });
  }
  return hazards;
}

function fieldIn(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:([^\\r\\n]*)`, 'm').exec(info)?.[1];
}

function isOld(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  if (major === undefined || minor === undefined || Number.isNaN(major + minor)) return false;
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
}
