import { Command, Option } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { dollarsOf } from '../command/dollars.js';
import { UsageError } from '../command/failure.js';
import { type RedisPlace, withCounters, withRedisPlace } from '../command/redis-store.js';
import { table } from '../command/table.js';
import { withSession } from '../session/session.js';

const help = `
An attempt whose end is unknown keeps what was held for it on its counters. "accept" takes its estimate, or nothing, for the usage and
lowers the counters of windows that are still open: this waives the cap for these calls, since the provider may have billed more.

Examples:
  tollgate unresolved list --tenant acme
  tollgate unresolved accept 019aa000-0000-7000-8000-000000000001 --as estimate`;

/** `tollgate unresolved …` */
export function unresolvedCommand(io: CommandLine): Command {
  const all = new Command('unresolved')
    .description('attempts whose end is unknown')
    .addHelpText('after', help);
  all
    .command('list')
    .description('the oldest first')
    .option('--tenant <tenant>', 'of one tenant only')
    .option('--limit <count>', 'how many, 1 to 10 000', '100')
    .action(async ({ tenant, limit }: { tenant?: string; limit: string }, command: Command) => {
      const count = Number(limit);
      if (!Number.isInteger(count) || count < 1 || count > 10_000) {
        throw new UsageError(`--limit must be an integer from 1 to 10000, received ${limit}`);
      }
      await withSession(io, command, async ({ books, say }) => {
        const found = await books.unresolved({ tenant, limit: count });
        const rows = found.map((one) => [
          ...[one.eventId, one.admittedAt, one.tenant, one.provider, one.model],
          ...[one.costNanoUsd, one.unresolvedNanoUsd].map((nano) => `$${dollarsOf(BigInt(nano))}`),
        ]);
        say(found, () =>
          table(['event', 'admitted', 'tenant', 'provider', 'model', 'estimate', 'unresolved'], rows),
        );
      });
    });
  withRedisPlace(
    all
      .command('accept')
      .description('take the estimate, or nothing, for their usage; waives the cap for these calls')
      .argument('<event...>', 'ids of usage events')
      .addOption(
        new Option('--as <what>', 'what to take for their usage')
          .choices(['estimate', 'zero'])
          .makeOptionMandatory(),
      ),
  ).action(
    async (
      events: readonly string[],
      options: RedisPlace & { as: 'estimate' | 'zero' },
      command: Command,
    ) => {
      await withSession(io, command, ({ books, isRemote, say }) =>
        withCounters(isRemote ? undefined : options, io, async (store) => {
          const done = [];
          for (const eventId of events) done.push(await books.accept(eventId, options.as, store));
          const rows = done.map(({ eventId, changed, costNanoUsd }) => [
            ...[eventId, changed ? 'accepted' : 'nothing was unresolved'],
            `$${dollarsOf(BigInt(costNanoUsd))}`,
          ]);
          say(done, () => table(['event', 'result', 'cost'], rows));
        }),
      );
    },
  );
  return all;
}
