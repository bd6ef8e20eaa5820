import { type PriceCatalogue, priceCatalogue } from '@tollgate/meter';
import type { Price } from '@tollgate/meter/internal';
import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { UsageError } from '../command/failure.js';
import { jsonIn } from '../command/json-in.js';
import { table } from '../command/table.js';

/** `litellm_provider` of a model in a file, and the provider's name in the meter's catalogue. */
const providers: Readonly<Record<string, string>> = {
  openai: 'openai',
  'text-completion-openai': 'openai',
  anthropic: 'anthropic',
  gemini: 'google',
  azure: 'azure',
  mistral: 'mistral',
  deepseek: 'deepseek',
  groq: 'groq',
  xai: 'x-ai',
  openrouter: 'openrouter',
  together_ai: 'together',
  fireworks_ai: 'fireworks',
  cerebras: 'cerebras',
  perplexity: 'perplexity',
  cohere: 'cohere',
  cohere_chat: 'cohere',
  moonshot: 'moonshotai',
};

/** The figures that both catalogues have, for inputs below the first step of a price: dollars per token in the file. */
const figures = [
  ['input', 'input_cost_per_token'],
  ['cachedInput', 'cache_read_input_token_cost'],
  ['output', 'output_cost_per_token'],
] as const;

/** No token costs more; a larger figure of a file is none of these prices. */
const mostUsdPerToken = 1;

/** A price that differs; in pico-dollars per token. */
interface Difference {
  readonly provider: string;
  readonly model: string;
  readonly figure: (typeof figures)[number][0];
  readonly here: bigint;
  readonly there: bigint;
}

/** `tollgate prices check` */
export function pricesCheckCommand(io: CommandLine): Command {
  return new Command('check')
    .description(
      "compares the meter's catalogue with a file in LiteLLM's format (model_prices_and_context_window.json); ends with 1 where they differ",
    )
    .argument('<file>', 'the file')
    .option('--provider <provider>', 'only the models of this one, by its name in the catalogue')
    .addHelpText(
      'after',
      '\nExample:\n  tollgate prices check model_prices_and_context_window.json --provider openai',
    )
    .action((file: string, _: object, command: Command) => {
      // `prices` has the same option, and takes it wherever it stands.
      const { provider, json }: { provider?: string; json?: boolean } = command.optsWithGlobals();
      const entries = entriesIn(file).filter(
        (entry) => provider === undefined || entry.provider === provider,
      );
      const catalogue = priceCatalogue({ now: io.now });
      const known = entries.flatMap((entry) => {
        const price = priceOf(catalogue, entry);
        return price ? [{ entry, price }] : [];
      });
      const differences = known.flatMap(({ entry, price }) => differencesOf(entry, price));
      if (json) io.write(`${JSON.stringify(jsonOf(known.length, differences), undefined, 2)}\n`);
      else io.write(textOf(known.length, entries.length, differences));
      if (differences.length > 0) throw new Error(`${differences.length} prices differ`);
    });
}

interface Entry {
  readonly provider: string;
  readonly model: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The models of a file whose provider the catalogue may have. Throws a {@link UsageError} for a file of another kind. */
function entriesIn(file: string): Entry[] {
  const all = jsonIn(file);
  if (!isRecord(all))
    throw new UsageError(`${JSON.stringify(file)} must be an object of prices by model name`);
  const entries = Object.entries(all).flatMap(([name, fields]): Entry[] => {
    if (!isRecord(fields) || typeof fields.litellm_provider !== 'string') return [];
    const provider = Object.hasOwn(providers, fields.litellm_provider)
      ? providers[fields.litellm_provider]
      : undefined;
    if (provider === undefined || typeof fields.input_cost_per_token !== 'number') return [];
    return [{ provider, model: name.slice(name.indexOf('/') + 1), fields }];
  });
  if (entries.length === 0) {
    throw new UsageError(
      `${JSON.stringify(file)} holds no model with "litellm_provider" and "input_cost_per_token"`,
    );
  }
  return entries;
}

/** The catalogue's price; `undefined`: it has none, or the model is free. */
function priceOf(catalogue: PriceCatalogue, { provider, model }: Entry): Price | undefined {
  const price = catalogue.find(provider, model);
  return price?.free ? undefined : price;
}

function differencesOf({ provider, model, fields }: Entry, { bands }: Price): Difference[] {
  const [band] = bands;
  return figures.flatMap(([figure, name]): Difference[] => {
    const dollars = fields[name];
    if (!band || typeof dollars !== 'number' || !(dollars >= 0 && dollars <= mostUsdPerToken)) return [];
    const [here, there] = [band[figure], BigInt(Math.round(dollars * 1e12))];
    return here === there ? [] : [{ provider, model, figure, here, there }];
  });
}

function textOf(known: number, all: number, differences: readonly Difference[]): string {
  const head = `${known} of the file's ${all} models of these providers are in the catalogue; ${differences.length} of their prices differ\n`;
  if (differences.length === 0) return head;
  const rows = differences.map(({ provider, model, figure, here, there }) => [
    `${provider}/${model}`,
    figure === 'cachedInput' ? 'cached' : figure,
    perMillion(here),
    perMillion(there),
    here === 0n ? '' : `${(Number(there) / Number(here)).toFixed(2)} ×`,
  ]);
  return `${head}${table(['model', 'price', 'catalogue', 'file', 'file ÷ catalogue'], rows)}`;
}

function jsonOf(known: number, differences: readonly Difference[]) {
  return {
    ...{ compared: known, unit: 'usd per million tokens' },
    differences: differences.map(({ provider, model, figure, here, there }) => ({
      ...{ provider, model, price: figure === 'cachedInput' ? 'cached_input' : figure },
      ...{ catalogue: perMillion(here), file: perMillion(there) },
    })),
  };
}

/** A pico-dollar a token is a micro-dollar a million tokens. */
const perMillion = (pico: bigint): string => String(Number(pico) / 1e6);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
