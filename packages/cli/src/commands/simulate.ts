import { definePlans, type PlanDeclaration } from '@tollgate/core';
import { priceCatalogue, pricing } from '@tollgate/meter';
import { type SimulatedFacet, type SimulatedSum, simulate } from '@tollgate/reports';
import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { dollarsOf } from '../command/dollars.js';
import { UsageError } from '../command/failure.js';
import { jsonIn } from '../command/json-in.js';
import { type PeriodOptions, periodOf, withPeriod } from '../command/period.js';
import { declaredPrices } from '../command/prices-in.js';
import { table } from '../command/table.js';
import { withSession } from '../session/session.js';

interface SimulateOptions extends PeriodOptions {
  plans?: string;
  plan?: string;
  prices?: string;
  tenant?: string;
  by: string;
}

/** `tollgate simulate` */
export function simulateCommand(io: CommandLine): Command {
  return withPeriod(
    new Command('simulate').description(
      'replay a period against other plans or prices: who would have been refused, what would have been saved',
    ),
  )
    .option('--plans <file>', 'plans as definePlans() takes them, in JSON')
    .option('--plan <name>', 'every caller on this plan; otherwise each on the plan that was recorded')
    .option(
      '--prices <file>',
      'prices by model on top of the catalogue, as priceCatalogue() takes them, in JSON',
    )
    .option('--tenant <tenant>', 'of one tenant only')
    .option(
      '--by <list>',
      'one or several of tenant, team, user, key, plan, route, feature, provider, requestedModel, model',
      'tenant',
    )
    .addHelpText(
      'after',
      `
Each attempt asks for what it came to use; a budget, which reserves the worst case, refuses a little earlier near a cap.

Example:
  echo '{ "pro": { "spend": { "limit": "$50/month", "by": "tenant" } } }' > plans.json
  tollgate simulate --month 2026-10 --plans plans.json --plan pro`,
    )
    .action(async (options: SimulateOptions, command: Command) => {
      const { fromMs, toMs } = periodOf(options, io.now());
      const { plan, tenant } = options;
      if (options.plans === undefined && options.prices === undefined) {
        throw new UsageError('--plans or --prices is required: there is nothing to compare with');
      }
      const plans =
        options.plans === undefined
          ? undefined
          : definePlans(jsonIn(options.plans) as Record<string, PlanDeclaration>);
      if (plan !== undefined && !(plans && Object.hasOwn(plans, plan))) {
        throw new UsageError(`--plan must be one of --plans, received ${JSON.stringify(plan)}`);
      }
      const isDegrading = Object.values(plans ?? {}).some(({ degrade }) => degrade.length > 0);
      const isPriced = isDegrading || options.prices !== undefined;
      const by = options.by.split(',').map((name) => name.trim()) as SimulatedFacet[];
      await withSession(io, command, async ({ database, say }) => {
        const found = await simulate(database, {
          ...{ from: new Date(fromMs), to: new Date(toMs), by },
          ...(plans && { plans }),
          ...(plan !== undefined && { planOf: () => plan }),
          ...(tenant !== undefined && { where: { tenant } }),
          ...(isPriced && { price: pricing(priceCatalogue({ prices: declaredPrices(options.prices) })) }),
        });
        say(found, () =>
          [
            table(
              [...by, ...headings],
              [...found.rows, { ...found.total, by: totalOf(by) }].map((sum) => rowOf(sum, by)),
            ),
            found.refusals.length === 0 ? '' : '\n',
            found.refusals.length === 0
              ? ''
              : table(
                  ['plan', 'refused by', 'requests'],
                  found.refusals.map((one) => [one.plan, one.limit, one.requests]),
                ),
          ].join(''),
        );
      });
    });
}

const headings = ['requests', 'refused', 'degraded attempts', 'cost', 'simulated', 'saved'];

function totalOf([first]: readonly string[]): Record<string, string> {
  return first === undefined ? {} : { [first]: 'TOTAL' };
}

function rowOf(sum: SimulatedSum, by: readonly string[]) {
  const money = [sum.costNanoUsd, sum.simulatedNanoUsd, sum.savedNanoUsd].map(
    (one) => `$${dollarsOf(BigInt(one))}`,
  );
  return [
    ...by.map((name) => sum.by[name]),
    sum.requests,
    sum.refusedRequests,
    sum.degradedAttempts,
    ...money,
  ];
}
