import { type Dimension, reports } from '@tollgate/postgres';
import { Command } from 'commander';
import { dollarsOf } from '../dollars.js';
import { UsageError } from '../failure.js';
import type { CommandLine } from '../run.js';
import { withSession } from '../session.js';
import { table } from '../table.js';
import { momentMs } from '../when.js';

interface UsageOptions {
  tenant?: string;
  by: string;
  month?: string;
  from?: string;
  to?: string;
  timeZone?: string;
}

/** `tollgate usage` */
export function usageCommand(io: CommandLine): Command {
  return new Command('usage')
    .description('what was used and what it cost, from the ledger; the dearest first')
    .option('--tenant <tenant>')
    .option(
      '--by <list>',
      'one or several of tenant, team, user, key, plan, route, feature, provider, model, requestedModel, tier, outcome, source, label:<name>, day, week, month',
      'tenant',
    )
    .option('--month <month>', '2026-10, in UTC; otherwise the running month')
    .option('--from <when>', 'from a date, or so long ago such as 7d, instead of --month')
    .option('--to <when>', 'up to a date; otherwise now')
    .option('--time-zone <zone>', 'of days, weeks and months, e.g. Europe/Berlin; otherwise UTC')
    .addHelpText(
      'after',
      '\nExample:\n  tollgate usage --tenant acme --by team,model --from 2026-10-01 --to 2026-10-15',
    )
    .action(async (options: UsageOptions, command: Command) => {
      const { tenant, timeZone } = options;
      const { fromMs, toMs } = periodOf(options, io.now());
      const by = options.by.split(',').map((name) => name.trim()) as Dimension[];
      await withSession(io, command, async ({ database, say }) => {
        const sums = await reports({ database }).usage({
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
        say(json, () => table([...by, 'attempts', 'input', 'output', 'cost'], rows));
      });
    });
}

function periodOf({ month, from, to }: UsageOptions, nowMs: number): { fromMs: number; toMs: number } {
  if (month !== undefined && (from !== undefined || to !== undefined)) {
    throw new UsageError('--month and --from, --to are two periods; give one of them');
  }
  if (month !== undefined && !/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
    throw new UsageError(`--month must be a month such as 2026-10, received ${JSON.stringify(month)}`);
  }
  const begin = month === undefined ? new Date(nowMs) : new Date(`${month}-01T00:00:00Z`);
  const [year, index] = [begin.getUTCFullYear(), begin.getUTCMonth()];
  if (from === undefined && to === undefined) {
    return { fromMs: Date.UTC(year, index, 1), toMs: Date.UTC(year, index + 1, 1) };
  }
  const fromMs = from === undefined ? Date.UTC(year, index, 1) : agoMs('--from', from, nowMs);
  const toMs = to === undefined ? nowMs + 1 : agoMs('--to', to, nowMs);
  if (fromMs < 0 || fromMs >= toMs) throw new UsageError('--from must be before --to, and after 1970');
  return { fromMs, toMs };
}

/** `7d` is seven days ago here: what was used lies in the past. */
function agoMs(option: string, text: string, nowMs: number): number {
  const atMs = momentMs(option, text, nowMs);
  return /^\d+[smhdw]$/.test(text) ? nowMs - (atMs - nowMs) : atMs;
}
