import { priceCatalogue, pricing } from '@tollgate/meter';
import { reprice } from '@tollgate/reports';
import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { dollarsOf } from '../command/dollars.js';
import { type PeriodOptions, periodOf, withPeriod } from '../command/period.js';
import { declaredPrices } from '../command/prices-in.js';
import { table } from '../command/table.js';
import { withSession } from '../session/session.js';

interface RepriceOptions extends PeriodOptions {
  prices?: string;
  tenant?: string;
  apply?: boolean;
}

/** `tollgate reprice` */
export function repriceCommand(io: CommandLine): Command {
  return withPeriod(
    new Command('reprice').description(
      "what a period would have cost by today's catalogue, or by prices of your own, by model",
    ),
  )
    .option(
      '--prices <file>',
      'prices by model on top of the catalogue, as priceCatalogue() takes them, in JSON',
    )
    .option('--tenant <tenant>', 'of one tenant only')
    .option(
      '--apply',
      'correct the ledger to it by separate rows; a second run changes nothing. Budgets keep what they counted',
    )
    .addHelpText('after', '\nExample:\n  tollgate reprice --month 2026-10 --prices negotiated.json')
    .action(async (options: RepriceOptions, command: Command) => {
      const { fromMs, toMs } = periodOf(options, io.now());
      const price = pricing(priceCatalogue({ prices: declaredPrices(options.prices) }));
      const { tenant } = options;
      await withSession(io, command, async ({ database, say }) => {
        const models = await reprice(database, {
          ...{
            from: new Date(fromMs),
            to: new Date(toMs),
            price,
            apply: options.apply ?? false,
            now: io.now,
          },
          ...(tenant !== undefined && { where: { tenant } }),
        });
        const rows = models.map((one) => [
          ...[one.provider, one.model, one.attempts, one.unpricedAttempts],
          ...[one.costNanoUsd, one.repricedNanoUsd, one.differenceNanoUsd].map(
            (nano) => `$${dollarsOf(BigInt(nano))}`,
          ),
          one.correctedAttempts,
        ]);
        say(models, () =>
          table(
            ['provider', 'model', 'attempts', 'no price', 'cost', 'repriced', 'difference', 'corrected'],
            rows,
          ),
        );
      });
    });
}
