import { priceCatalogue, pricing } from '@tollgate/meter';
import { type Advice, advice } from '@tollgate/reports';
import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { dollarsOf } from '../command/dollars.js';
import { UsageError } from '../command/failure.js';
import { type PeriodOptions, periodOf, withPeriod } from '../command/period.js';
import { table } from '../command/table.js';
import { withSession } from '../session/session.js';

interface AdviceOptions extends PeriodOptions {
  cheaper?: string[];
  tenant?: string;
}

/** `tollgate advice` */
export function adviceCommand(io: CommandLine): Command {
  return withPeriod(
    new Command('advice').description(
      'where money might be saved: prompts asked again and again, input that is not cached, cheaper models',
    ),
  )
    .option('--cheaper <model=instead...>', 'what another model would have cost, e.g. gpt-5=gpt-5-mini')
    .option('--tenant <tenant>', 'of one tenant only')
    .addHelpText(
      'after',
      `
Repeated prompts are known where meter({ promptHashSecret }) hashes them. Whether a cheaper model's answers would do is a
hypothesis that the ledger cannot test.

Example:
  tollgate advice --month 2026-10 --cheaper gpt-5=gpt-5-mini claude-sonnet-4-5=claude-haiku-4-5`,
    )
    .action(async (options: AdviceOptions, command: Command) => {
      const { fromMs, toMs } = periodOf(options, io.now());
      const cheaper = Object.fromEntries((options.cheaper ?? []).map(pairOf));
      const { tenant } = options;
      await withSession(io, command, async ({ database, say }) => {
        const found = await advice(database, {
          ...{
            from: new Date(fromMs),
            to: new Date(toMs),
            cheaper,
            price: pricing(priceCatalogue({ now: io.now })),
          },
          ...(tenant !== undefined && { where: { tenant } }),
        });
        say(found, () => textOf(found));
      });
    });
}

function pairOf(text: string): [string, string] {
  const [, model, instead] = /^([^=]+)=([^=]+)$/.exec(text) ?? [];
  if (model !== undefined && instead !== undefined) return [model, instead];
  throw new UsageError(`--cheaper must be such as gpt-5=gpt-5-mini, received ${JSON.stringify(text)}`);
}

function textOf({ repeatedPrompts, cachedInput, cheaperModels }: Advice): string {
  const money = (nano: string): string => `$${dollarsOf(BigInt(nano))}`;
  return [
    'Prompts asked again and again (an answer kept would have saved the repetitions):\n',
    table(
      ['tenant', 'route', 'model', 'prompt', 'calls', 'cost', 'repetitions'],
      repeatedPrompts.map((one) => [
        ...[one.tenant, one.route, one.model, one.promptHash, one.calls],
        ...[money(one.costNanoUsd), money(one.repeatedNanoUsd)],
      ]),
    ),
    "\nInput read from the provider's cache:\n",
    table(
      ['route', 'provider', 'model', 'input', 'cached', 'share'],
      cachedInput.map((one) => [
        ...[one.route, one.provider, one.model, one.inputTokens, one.cachedInputTokens],
        `${(one.cachedShare * 100).toFixed(1)} %`,
      ]),
    ),
    '\nA hypothesis: what a cheaper model would have cost for the same tokens:\n',
    table(
      ['route', 'model', 'instead', 'attempts', 'cost', 'would cost', 'saved'],
      cheaperModels.map((one) => [
        ...[one.route, one.model, one.instead, one.attempts],
        ...[one.costNanoUsd, one.wouldCostNanoUsd, one.savedNanoUsd].map(money),
      ]),
    ),
  ].join('');
}
