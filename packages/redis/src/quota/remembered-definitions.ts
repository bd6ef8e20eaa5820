import type { SpendSource } from '@tollgate/core/internal';
import { listIn } from '../script/reply.js';
import type { ScriptRunner } from '../script/script-runner.js';

/** A ledger whose limit definitions are remembered on the server, so that a process can start while the ledger is away. */
export function rememberedDefinitions(
  source: SpendSource,
  runner: ScriptRunner,
  prefix: string,
): SpendSource {
  const { definedAt, spentBy } = source;
  if (!definedAt || !spentBy) return source;
  const key = `${prefix}:definitions`;
  return {
    spentIn: (windows) => source.spentIn(windows),
    openWindows: () => source.openWindows(),
    caughtUp: async () => source.caughtUp?.(),
    spentBy: (spans) => spentBy.call(source, spans),
    async definedAt(definitions) {
      const told = listIn(await runner.command('definitions', key, ['HMGET', key, ...definitions]));
      const times = told.map((time) => (time === null ? undefined : Number(time)));
      const missing = definitions.filter((_, index) => times[index] === undefined);
      if (missing.length === 0) return times.map((time) => time ?? 0);
      const found = await definedAt.call(source, missing);
      const pairs = missing.flatMap((definition, index) => [definition, String(found[index] ?? 0)]);
      await runner.command('definitions', key, ['HSET', key, ...pairs]);
      return times.map((time, index) => time ?? found[missing.indexOf(definitions[index] ?? '')] ?? 0);
    },
  };
}
