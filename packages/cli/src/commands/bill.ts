import { parseUsd } from '@tollgate/core';
import { accepts, checkOptions } from '@tollgate/core/internal';
import type { PlanPrice } from '@tollgate/reports';
import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { dollarsOf } from '../command/dollars.js';
import { UsageError } from '../command/failure.js';
import { jsonIn } from '../command/json-in.js';
import { table } from '../command/table.js';
import { noteSpool, withSession } from '../session/session.js';

interface BillOptions {
  tenant?: string;
  timeZone?: string;
  prices?: string;
}

/** A plan's price as a file has it. */
interface PriceInFile {
  feeUsd?: string;
  includedUsd?: string;
  markupPercent?: number;
  overageMarkupPercent?: number;
}

const help = `
A price of a plan: { "pro": { "feeUsd": "20", "includedUsd": "10", "markupPercent": 20, "overageMarkupPercent": 30 } }
Plans without a price are billed at cost.

Example:
  tollgate bill 2026-10 --prices plan-prices.json --json`;

/** `tollgate bill` */
export function billCommand(io: CommandLine): Command {
  return new Command('bill')
    .description('what each tenant is billed for a month, with cost and margin')
    .argument('<month>', 'such as 2026-10')
    .option('--tenant <tenant>', 'of one tenant only')
    .option('--time-zone <zone>', 'in which the month begins, e.g. Europe/Berlin; otherwise UTC')
    .option('--prices <file>', 'what the customers of each plan pay, in JSON')
    .addHelpText('after', help)
    .action(async (month: string, { tenant, timeZone, prices: file }: BillOptions, command: Command) => {
      if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
        throw new UsageError(`<month> must be a month such as 2026-10, received ${JSON.stringify(month)}`);
      }
      const prices = file === undefined ? undefined : pricesIn(file);
      await withSession(io, command, async ({ books, say }) => {
        const lines = await books.bill(month, { tenant, timeZone, prices });
        const json = lines.map((line) => ({
          ...{ tenant: line.tenant, plan: line.plan },
          cost_usd: dollarsOf(BigInt(line.costNanoUsd)),
          usage_price_usd: dollarsOf(BigInt(line.usagePriceNanoUsd)),
          included_usd: dollarsOf(BigInt(line.includedNanoUsd)),
          overage_usd: dollarsOf(BigInt(line.overageNanoUsd)),
          fee_usd: dollarsOf(BigInt(line.feeNanoUsd)),
          billed_usd: dollarsOf(BigInt(line.billedNanoUsd)),
          margin_usd: dollarsOf(BigInt(line.marginNanoUsd)),
        }));
        const rows = json.map((one) => [
          ...[one.tenant, one.plan],
          ...[one.cost_usd, one.fee_usd, one.overage_usd, one.billed_usd, one.margin_usd].map(
            (usd) => `$${usd}`,
          ),
        ]);
        say(json, () => table(['tenant', 'plan', 'cost', 'fee', 'overage', 'billed', 'margin'], rows));
      });
      await noteSpool(io, command);
    });
}

function pricesIn(file: string): Record<string, PlanPrice> {
  const declared = jsonIn(file);
  if (accepts.object(declared) !== true) {
    throw new UsageError(`--prices: ${JSON.stringify(file)} must be an object of prices by plan`);
  }
  return Object.fromEntries(
    Object.entries(declared as Record<string, PriceInFile>).map(([plan, price]) => {
      checkOptions<PriceInFile>(`--prices: plan ${JSON.stringify(plan)}`, price, {
        ...{ feeUsd: accepts.string, includedUsd: accepts.string },
        ...{ markupPercent: accepts.anything, overageMarkupPercent: accepts.anything },
      });
      const { feeUsd, includedUsd, ...percents } = price;
      return [
        plan,
        {
          ...percents,
          ...(feeUsd !== undefined && { feeNanoUsd: nanoUsdOf('feeUsd', feeUsd) }),
          ...(includedUsd !== undefined && { includedNanoUsd: nanoUsdOf('includedUsd', includedUsd) }),
        },
      ];
    }),
  );
}

function nanoUsdOf(name: string, text: string): bigint {
  const amount = parseUsd(text);
  if (amount !== undefined) return BigInt(amount);
  throw new UsageError(`--prices: "${name}" must be dollars such as "20", received ${JSON.stringify(text)}`);
}
