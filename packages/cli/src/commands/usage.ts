import { Command } from 'commander';
import { dollarsOf } from '../dollars.js';
import { UsageError } from '../failure.js';
import type { CommandLine } from '../run.js';
import { withSession } from '../session.js';
import { table } from '../table.js';
import { type Dimension, dimensions, usageBy } from '../usage-by.js';
import { momentMs } from '../when.js';

interface UsageOptions {
  tenant?: string;
  by: string;
  month?: string;
  from?: string;
  to?: string;
}

/** `tollgate usage` */
export function usageCommand(io: CommandLine): Command {
  return new Command('usage')
    .description('what was used and what it cost, from the ledger; the dearest first')
    .option('--tenant <tenant>')
    .option('--by <list>', `one or several of ${dimensions.join(', ')}`, 'tenant')
    .option('--month <month>', '2026-10, in UTC; otherwise the running month')
    .option('--from <when>', 'from a date, or so long ago such as 7d, instead of --month')
    .option('--to <when>', 'up to a date; otherwise now')
    .addHelpText(
      'after',
      '\nExample:\n  tollgate usage --tenant acme --by team,model --from 2026-10-01 --to 2026-10-15',
    )
    .action(async (options: UsageOptions, command: Command) => {
      const period = periodOf(options, io.now());
      const by = dimensionsOf(options.by);
      await withSession(io, command, async ({ database, say }) => {
        const lines = await usageBy(database, { ...period, by, tenant: options.tenant });
        const json = lines.map(({ groups, costNanoUsd, ...rest }) => ({
          ...Object.fromEntries(by.map((name, index) => [name, groups[index] ?? null])),
          ...{ attempts: rest.attempts, input_tokens: rest.inputTokens, output_tokens: rest.outputTokens },
          cost_usd: dollarsOf(costNanoUsd),
          cost_nano_usd: costNanoUsd.toString(),
        }));
        const rows = lines.map(({ groups, attempts, inputTokens, outputTokens, costNanoUsd }) => [
          ...groups,
          ...[attempts, inputTokens, outputTokens],
          `$${dollarsOf(costNanoUsd)}`,
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

function dimensionsOf(text: string): Dimension[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !isDimension(name));
  if (unknown !== undefined || new Set(names).size < names.length) {
    throw new UsageError(
      `--by must be one or several of ${dimensions.join(', ')}, received ${JSON.stringify(text)}`,
    );
  }
  return names.filter(isDimension);
}

function isDimension(name: string): name is Dimension {
  return (dimensions as readonly string[]).includes(name);
}
