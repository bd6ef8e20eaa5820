import { warnOnce } from '@tollgate/core/internal';
import type { ScriptRunner } from './script-runner.js';
import { serverHazards } from './server-hazards.js';

/** Warns, once for each hazard, of a server that is set up so that counters may be lost; of a cluster, the node that has `key`. */
export async function warnOfServer(runner: ScriptRunner, key: string, isRebuilt: boolean): Promise<void> {
  const [info, save] = await Promise.all([
    told(runner.command('info', key, ['INFO'])),
    told(runner.command('config', key, ['CONFIG', 'GET', 'save'])),
  ]);
  const facts = { info: String(info ?? ''), save: lastIn(save), isRebuilt };
  for (const { code, message } of serverHazards(facts)) warnOnce(code, message);
}

/** Managed servers may refuse the query; their documentation describes their settings. */
function told(answer: Promise<unknown>): Promise<unknown> {
  return answer.catch(() => undefined);
}

/** The value of a setting, from `[name, value]` or `{ name: value }`. */
function lastIn(reply: unknown): string | undefined {
  const values: unknown[] = Array.isArray(reply) ? reply : Object.values(reply ?? {});
  return values.length === 0 ? undefined : String(values.at(-1));
}
