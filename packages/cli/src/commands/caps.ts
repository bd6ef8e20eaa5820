import { definePlans, type PlanDeclaration } from '@tollgate/core';
import { type CapUsage, capUsage } from '@tollgate/reports';
import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { dollarsOf } from '../command/dollars.js';
import { UsageError } from '../command/failure.js';
import { jsonIn } from '../command/json-in.js';
import { withSession } from '../command/session.js';
import { table } from '../command/table.js';

/** `tollgate caps` */
export function capsCommand(io: CommandLine): Command {
  return new Command('caps')
    .description('what is used of every cap in its running window, by the ledger; the fullest first')
    .requiredOption(
      '--plans <file>',
      'plans as definePlans() takes them, in JSON; budgets that were set here count instead',
    )
    .option('--tenant <tenant>', 'of one tenant only')
    .option('--above <percent>', 'only caps of which so much is used', '0')
    .addHelpText('after', '\nExample:\n  tollgate caps --plans plans.json --above 80')
    .action(async (options: { plans: string; tenant?: string; above: string }, command: Command) => {
      const plans = definePlans(jsonIn(options.plans) as Record<string, PlanDeclaration>);
      const percent = /^\d{1,3}(\.\d+)?$/.test(options.above) ? Number(options.above) : Number.NaN;
      if (!(percent <= 100)) throw new UsageError('--above must be a percentage from 0 to 100');
      const { tenant } = options;
      await withSession(io, command, async ({ database, registry, say }) => {
        const caps = await capUsage(database, {
          ...{ plans, overrides: registry.overrides, above: percent / 100, now: io.now },
          ...(tenant !== undefined && { tenant }),
        });
        say(caps, () =>
          table(
            ['tenant', 'team', 'user', 'key', 'limit', 'used', 'cap', 'share', 'resets'],
            caps.map(rowOf),
          ),
        );
      });
    });
}

function rowOf({ tenant, team, user, key, limit, unit, used, cap, share, resetsAt }: CapUsage) {
  const shown = (amount: number): string =>
    unit === 'usd' ? `$${dollarsOf(BigInt(amount))}` : String(amount);
  return [tenant, team, user, key, limit, shown(used), shown(cap), `${(share * 100).toFixed(1)} %`, resetsAt];
}
