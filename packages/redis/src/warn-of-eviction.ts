import { warnOnce } from '@tollgate/core';
import type { ScriptRunner } from './script-runner.js';

/** Warns once (`TOLLGATE_W_REDIS_EVICTION`) of a server that may throw counters away when its memory is full. */
export async function warnOfEviction(runner: ScriptRunner, key: string): Promise<void> {
  let policy: string | undefined;
  try {
    const reply = await runner.command('config', key, ['CONFIG', 'GET', 'maxmemory-policy']);
    const values = Array.isArray(reply) ? reply : Object.values(reply ?? {});
    policy = String(values.at(-1));
  } catch {
    // Managed servers may not tell; what they do then is said by their makers.
    return;
  }
  if (policy === 'noeviction') return;
  warnOnce(
    'TOLLGATE_W_REDIS_EVICTION',
    `Redis has maxmemory-policy "${policy}": a counter that it evicts is an empty one. Set it to noeviction.`,
  );
}
