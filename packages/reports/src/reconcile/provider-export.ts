import { describeValue } from '@tollgate/core/internal';

/** A provider's figures for one (UTC) day and one model. Figures missing in its export are absent. */
export interface ProviderFigures {
  /** `2026-11-21`. */
  readonly day: string;
  /** As the provider names it; absent where the export was not grouped by model. */
  readonly model: string | undefined;
  readonly inputTokens?: number | undefined;
  readonly cachedInputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly costNanoUsd?: bigint | undefined;
  /** The bucket is the whole day, not an hour or a minute of it. */
  readonly isWholeDay: boolean;
}

/** A provider's export, read. */
export interface ProviderExport {
  /** As in usage events. */
  readonly provider: 'openai' | 'anthropic';
  /** Ms since the epoch, from and to (exclusive), of the buckets together. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly figures: readonly ProviderFigures[];
}

type Fields = Readonly<Record<string, unknown>>;

const dayMs = 86_400_000;

/**
 * Reads pages of OpenAI's usage (`/v1/organization/usage/completions`, `/embeddings`) or costs (`/v1/organization/costs`), or of
 * Anthropic's usage (`/v1/organizations/usage_report/messages`) or cost report (`/v1/organizations/cost_report`), in buckets of a day, an
 * hour or a minute. Throws a `TypeError` that describes the problem for anything else.
 */
export function readProviderExport(pages: readonly unknown[]): ProviderExport {
  const buckets = pages.flatMap((page) => listOf(page, 'data', 'a page of an export'));
  const [first] = buckets;
  if (first === undefined) throw new TypeError('reconcile: the export holds no buckets');
  const provider = 'start_time' in first ? 'openai' : 'anthropic';
  const spans = buckets.map((bucket) => spanOf(bucket, provider));
  return {
    provider,
    fromMs: Math.min(...spans.map(({ fromMs }) => fromMs)),
    toMs: Math.max(...spans.map(({ toMs }) => toMs)),
    figures: buckets.flatMap((bucket, index) => {
      const { fromMs, toMs } = spans[index] ?? { fromMs: 0, toMs: 0 };
      const day = new Date(fromMs).toISOString().slice(0, 10);
      const isWholeDay = fromMs % dayMs === 0 && toMs - fromMs === dayMs;
      const read = provider === 'openai' ? openAiFigures : anthropicFigures;
      return listOf(bucket, 'results', 'a bucket').map((result) => ({ ...read(day, result), isWholeDay }));
    }),
  };
}

function spanOf(bucket: Fields, provider: ProviderExport['provider']): { fromMs: number; toMs: number } {
  const [from, to] =
    provider === 'openai'
      ? [Number(bucket.start_time) * 1_000, Number(bucket.end_time) * 1_000]
      : [Date.parse(String(bucket.starting_at)), Date.parse(String(bucket.ending_at))];
  if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && from < to && to - from <= dayMs) {
    return { fromMs: from, toMs: to };
  }
  throw new TypeError('reconcile: every bucket must have a start and an end, at most a day apart');
}

type Figures = Omit<ProviderFigures, 'isWholeDay'>;

function openAiFigures(day: string, result: Fields): Figures {
  const model = nameOf(result.model);
  if (result.object === 'organization.costs.result') {
    const amount = fieldsOf(result.amount, 'an amount');
    return { day, model, costNanoUsd: nanoUsdOf(amount.value, amount.currency, 9) };
  }
  return {
    day,
    model,
    inputTokens: countOf(result, 'input_tokens'),
    cachedInputTokens: countOf(result, 'input_cached_tokens', 0),
    outputTokens: countOf(result, 'output_tokens', 0),
  };
}

function anthropicFigures(day: string, result: Fields): Figures {
  const model = nameOf(result.model);
  // The lowest unit of the currency, as a decimal text: cents.
  if ('amount' in result) return { day, model, costNanoUsd: nanoUsdOf(result.amount, result.currency, 7) };
  const written = result.cache_creation == null ? {} : fieldsOf(result.cache_creation, 'cache_creation');
  const cachedInputTokens = countOf(result, 'cache_read_input_tokens', 0);
  const inputTokens =
    countOf(result, 'uncached_input_tokens') +
    cachedInputTokens +
    countOf(written, 'ephemeral_1h_input_tokens', 0) +
    countOf(written, 'ephemeral_5m_input_tokens', 0);
  return { day, model, inputTokens, cachedInputTokens, outputTokens: countOf(result, 'output_tokens') };
}

/** An amount of dollars (9) or cents (7) as nano-dollars, exactly; finer parts are rounded. Floats are converted by their decimal text. */
export function nanoUsdOf(amount: unknown, currency: unknown, shift: number): bigint {
  if (String(currency).toLowerCase() !== 'usd') {
    throw new TypeError(`reconcile: amounts must be in USD, received ${describeValue(currency)}`);
  }
  const parts = /^(-?)(\d{1,15})(?:\.(\d{1,30}))?(?:e([+-]\d{1,2}))?$/i.exec(String(amount));
  if (!parts)
    throw new TypeError(`reconcile: an amount must be a decimal number, received ${describeValue(amount)}`);
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts;
  const places = shift + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  const divisor = places < 0 ? 10n ** BigInt(-places) : 1n;
  const nano = places >= 0 ? digits * 10n ** BigInt(places) : (digits + divisor / 2n) / divisor;
  return sign === '-' ? -nano : nano;
}

function countOf(fields: Fields, name: string, absent?: number): number {
  const value = fields[name] ?? absent;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`reconcile: "${name}" must be a number of tokens, received ${describeValue(value)}`);
}

function nameOf(model: unknown): string | undefined {
  return typeof model === 'string' && model !== '' ? model : undefined;
}

function listOf(value: unknown, name: string, what: string): Fields[] {
  const list = fieldsOf(value, what)[name];
  if (!Array.isArray(list)) throw new TypeError(`reconcile: ${what} must have a list "${name}"`);
  return list.map((one) => fieldsOf(one, `an item of "${name}"`));
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new TypeError(`reconcile: ${what} must be an object, received ${describeValue(value)}`);
}
