import type { Dimension } from '@tollgate/reports';
import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { dollarsOf } from '../command/dollars.js';
import { UsageError } from '../command/failure.js';
import { type PeriodOptions, periodOf, withPeriod } from '../command/period.js';
import { table } from '../command/table.js';
import { noteSpool, withSession } from '../session/session.js';

interface MoversOptions extends PeriodOptions {
  tenant?: string;
  by: string;
  limit: string;
}

/** `tollgate movers` */
export function moversCommand(io: CommandLine): Command {
  return withPeriod(
    new Command('movers').description(
      'whose cost has changed most against the period of the same length before, up or down',
    ),
  )
    .option('--tenant <tenant>', 'of one tenant only')
    .option('--by <list>', 'as of "tollgate usage"', 'tenant')
    .option('--limit <number>', 'rows at most', '10')
    .addHelpText('after', '\nExample:\n  tollgate movers --by tenant,model --from 7d')
    .action(async (options: MoversOptions, command: Command) => {
      const { fromMs, toMs } = periodOf(options, io.now());
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1) {
        throw new UsageError(`--limit must be a positive integer, received ${JSON.stringify(options.limit)}`);
      }
      const by = options.by.split(',').map((name) => name.trim()) as Dimension[];
      await withSession(io, command, async ({ books, say }) => {
        const found = await books.movers({
          ...{ from: new Date(fromMs), to: new Date(toMs), by, limit },
          ...(options.tenant !== undefined && { where: { tenant: options.tenant } }),
        });
        const json = found.map((one) => ({
          ...one.by,
          cost_usd: dollarsOf(BigInt(one.costNanoUsd)),
          previous_usd: dollarsOf(BigInt(one.previousNanoUsd)),
          change_usd: dollarsOf(BigInt(one.changeNanoUsd)),
        }));
        const rows = json.map((one, index) => [
          ...by.map((name) => found[index]?.by[name]),
          ...[`$${one.previous_usd}`, `$${one.cost_usd}`, signed(one.change_usd)],
        ]);
        say(json, () => table([...by, 'before', 'now', 'change'], rows));
      });
      await noteSpool(io, command);
    });
}

const signed = (usd: string): string => (usd.startsWith('-') ? `-$${usd.slice(1)}` : `+$${usd}`);
