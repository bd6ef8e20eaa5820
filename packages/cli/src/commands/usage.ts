import type { Dimension, UsageSum } from '@tollgate/reports';
import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { dollarsOf } from '../command/dollars.js';
import { type PeriodOptions, periodOf, withPeriod } from '../command/period.js';
import { table } from '../command/table.js';
import { noteSpool, withSession } from '../session/session.js';

interface UsageOptions extends PeriodOptions {
  tenant?: string;
  by: string;
  timeZone?: string;
}

/** `tollgate usage` */
export function usageCommand(io: CommandLine): Command {
  return withPeriod(
    new Command('usage').description('what was used and what it cost, from the ledger; the dearest first'),
  )
    .option('--tenant <tenant>')
    .option(
      '--by <list>',
      'one or several of tenant, team, user, key, plan, route, feature, provider, model, requestedModel, tier, outcome, source, label:<name>, day, week, month',
      'tenant',
    )
    .option('--time-zone <zone>', 'of days, weeks and months, e.g. Europe/Berlin; otherwise UTC')
    .addHelpText(
      'after',
      '\nExample:\n  tollgate usage --tenant acme --by team,model --from 2026-10-01 --to 2026-10-15',
    )
    .action(async (options: UsageOptions, command: Command) => {
      const { tenant, timeZone } = options;
      const { fromMs, toMs } = periodOf(options, io.now());
      const by = options.by.split(',').map((name) => name.trim()) as Dimension[];
      await withSession(io, command, async ({ books, say }) => {
        const sums = await books.usage({
          from: new Date(fromMs),
          to: new Date(toMs),
          by,
          ...(tenant !== undefined && { where: { tenant } }),
          ...(timeZone !== undefined && { timeZone }),
        });
        const json = sums.map(({ by, attempts, calls, inputTokens, outputTokens, ...rest }) => ({
          ...by,
          ...{ attempts, calls, input_tokens: inputTokens, output_tokens: outputTokens },
          cached_input_tokens: rest.cachedInputTokens,
          cost_usd: dollarsOf(BigInt(rest.costNanoUsd)),
          cost_nano_usd: rest.costNanoUsd,
          unconfirmed_nano_usd: rest.unconfirmedNanoUsd,
        }));
        const rows = sums.map((sum) => [
          ...by.map((name) => sum.by[name]),
          ...[sum.attempts, sum.inputTokens, sum.outputTokens],
          `$${dollarsOf(BigInt(sum.costNanoUsd))}`,
        ]);
        const total = rows.length > 1 ? [totalOf(by, sums)] : [];
        say(json, () => table([...by, 'attempts', 'input', 'output', 'cost'], [...rows, ...total]));
      });
      await noteSpool(io, command);
    });
}

/** The last line of a table of several rows. */
function totalOf(by: readonly string[], sums: readonly UsageSum[]) {
  const sum = (of: (one: UsageSum) => number): number => sums.reduce((total, one) => total + of(one), 0);
  const cost = sums.reduce((total, { costNanoUsd }) => total + BigInt(costNanoUsd), 0n);
  return [
    ...by.map((_name, index) => (index === 0 ? 'TOTAL' : undefined)),
    ...[sum(({ attempts }) => attempts), sum(({ inputTokens }) => inputTokens)],
    ...[sum(({ outputTokens }) => outputTokens), `$${dollarsOf(cost)}`],
  ];
}
