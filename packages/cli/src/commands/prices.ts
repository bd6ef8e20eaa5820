import { priceCatalogue } from '@tollgate/meter';
import { type Price, type PriceBand, perMillion } from '@tollgate/meter/internal';
import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { facts, table } from '../command/table.js';
import { pricesCheckCommand } from './prices-check.js';

/** `tollgate prices` */
export function pricesCommand(io: CommandLine): Command {
  return new Command('prices')
    .addCommand(pricesCheckCommand(io))
    .description('what a model costs, by the catalogue that the meter uses; in dollars per million tokens')
    .argument('<model>', 'e.g. gpt-5-mini')
    .option(
      '--provider <provider>',
      'openai, anthropic, google, azure, …; otherwise the first of them that has it',
    )
    .addHelpText('after', '\nExample:\n  tollgate prices claude-sonnet-5 --provider anthropic')
    .action((model: string, options: { provider?: string }, command: Command) => {
      const book = priceCatalogue({ now: io.now });
      const providers =
        options.provider === undefined ? ['openai', 'anthropic', 'google', 'azure'] : [options.provider];
      const price = providers
        .map((provider) => book.find(provider, model))
        .find((found) => found !== undefined);
      if (!price) throw new Error(`no price of ${JSON.stringify(model)} is known at ${providers.join(', ')}`);
      const { json }: { json?: boolean } = command.optsWithGlobals();
      io.write(json ? `${JSON.stringify(jsonOf(price), undefined, 2)}\n` : textOf(price));
    });
}

const classes = [
  'input',
  'cachedInput',
  'cacheWrite',
  'output',
  'reasoning',
] as const satisfies readonly (keyof PriceBand)[];

function textOf(price: Price): string {
  const { provider, model, version, contextWindow, bands } = price;
  const head = facts([
    ['model', `${provider}/${model}`],
    ['context', contextWindow],
    ['catalogue', version],
  ]);
  const rows = bands.map((band) => [
    band.above < 0 ? 'any' : `> ${band.above}`,
    ...classes.map((one) => perMillion(band[one])),
  ]);
  return `${head}\n${table(['input tokens', 'input', 'cached', 'cache write', 'output', 'reasoning'], rows)}`;
}

function jsonOf({ provider, model, version, contextWindow, bands }: Price) {
  return {
    ...{ provider, model, version, context_window: contextWindow, unit: 'usd per million tokens' },
    bands: bands.map((band) => ({
      above_input_tokens: band.above < 0 ? null : band.above,
      input: perMillion(band.input),
      cached_input: perMillion(band.cachedInput),
      cache_write: perMillion(band.cacheWrite),
      output: perMillion(band.output),
      reasoning: perMillion(band.reasoning),
    })),
  };
}
