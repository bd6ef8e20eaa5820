import { definePlans, type PlanDeclaration } from '@tollgate/core';
import type { CapUsage } from '@tollgate/reports';
import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { dollarsOf } from '../command/dollars.js';
import { UsageError } from '../command/failure.js';
import { jsonIn } from '../command/json-in.js';
import { table } from '../command/table.js';
import { noteSpool, withSession } from '../session/session.js';

/** `tollgate caps` */
export function capsCommand(io: CommandLine): Command {
  return new Command('caps')
    .description('what is used of every cap in its running window, by the ledger; the fullest first')
    .option(
      '--plans <file>',
      'plans as definePlans() takes them, in JSON; otherwise those of the apps on this database',
    )
    .option('--tenant <tenant>', 'of one tenant only')
    .option('--above <percent>', 'only caps of which so much is used', '0')
    .addHelpText(
      'after',
      '\nBudgets that were set here count instead of the plans.\n\nExample:\n  tollgate caps --above 80',
    )
    .action(async (options: { plans?: string; tenant?: string; above: string }, command: Command) => {
      const given =
        options.plans === undefined
          ? undefined
          : definePlans(jsonIn(options.plans) as Record<string, PlanDeclaration>);
      const percent = /^\d{1,3}(\.\d+)?$/.test(options.above) ? Number(options.above) : Number.NaN;
      if (!(percent <= 100)) throw new UsageError('--above must be a percentage from 0 to 100');
      const { tenant } = options;
      await withSession(io, command, async ({ books, say }) => {
        const caps = await books.caps({ plans: given, tenant, above: percent / 100 });
        const json = caps.map(jsonOf);
        say(json, () =>
          table(
            ['tenant', 'team', 'user', 'key', 'limit', 'used', 'cap', 'share', 'resets'],
            caps.map(rowOf),
          ),
        );
      });
      await noteSpool(io, command);
    });
}

function jsonOf(cap: Omit<CapUsage, 'counter'>) {
  const { tenant, team, user, key, limit, unit, used, share, window, resetsAt } = cap;
  return { tenant, team, user, key, limit, unit, cap: cap.cap, window, used, share, resets_at: resetsAt };
}

type Shown = Omit<CapUsage, 'counter' | 'window'>;

function rowOf({ tenant, team, user, key, limit, unit, used, cap, share, resetsAt }: Shown) {
  const shown = (amount: number): string =>
    unit === 'usd' ? `$${dollarsOf(BigInt(amount))}` : String(amount);
  return [tenant, team, user, key, limit, shown(used), shown(cap), `${(share * 100).toFixed(1)} %`, resetsAt];
}
