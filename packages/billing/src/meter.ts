import { accepts, checkOptions, describeValue } from '@tollgate/core/internal';

const quantities = {
  tokens: 'input_tokens + output_tokens',
  inputTokens: 'input_tokens',
  cachedInputTokens: 'cached_input_tokens',
  uncachedInputTokens: 'input_tokens - cached_input_tokens',
  outputTokens: 'output_tokens',
  costNanoUsd: 'cost_nano_usd',
  attempts: "case kind when 'usage' then 1 else 0 end",
} as const;

/** The column of the ledger's rows to add up. `costNanoUsd` is the cost of usage, 1e-9 dollars a unit, so that nothing is rounded. */
type Quantity = keyof typeof quantities;

const columns = {
  provider: 'provider',
  model: 'model',
  plan: 'plan',
  team: 'team',
  feature: 'feature',
  route: 'route',
  outcome: 'outcome',
} as const;

/** One thing that is billed. */
export interface Meter {
  /** The meter's name at the provider, Stripe's `event_name`: 1 to 100 characters. */
  readonly name: string;
  /** The column to add up. */
  readonly quantity: Quantity;
  /** Rows with this value, or one of these, in every field named. @defaultValue all rows */
  readonly where?: Readonly<Partial<Record<keyof typeof columns, string | readonly string[]>>>;
}

/** Throws a `TypeError` for meters that are wrong, unknown in a part, or two of one name. */
export function checkMeters(factory: string, meters: readonly Meter[]): void {
  for (const [index, meter] of meters.entries()) {
    const where = `${factory}: meter ${index + 1}`;
    checkOptions<Meter>(
      where,
      meter,
      {
        name: (value) => (typeof value === 'string' && /^.{1,100}$/.test(value)) || '1 to 100 characters',
        quantity: accepts.oneOf(...Object.keys(quantities)),
        where: accepts.object,
      },
      ['name', 'quantity'],
    );
    for (const [field, values] of Object.entries(meter.where ?? {})) {
      if (!Object.hasOwn(columns, field)) {
        throw new TypeError(
          `${where}: unknown field "${field}" in "where"; known are ${Object.keys(columns).join(', ')}`,
        );
      }
      const listed = [values].flat();
      if (listed.length > 0 && listed.every((one) => typeof one === 'string')) continue;
      throw new TypeError(
        `${where}: "${field}" in "where" must be a text or several, received ${describeValue(values)}`,
      );
    }
  }
  const names = meters.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new TypeError(`${factory}: two meters are called ${describeValue(twice)}`);
}

/** The sum of a meter's quantity, in SQL. */
export const sumOf = ({ quantity }: Meter): string => `sum((${quantities[quantity]})::numeric)`;

/** The rows that count, in SQL; their values begin at `$<first>`. */
export function conditionsOf({ where = {} }: Meter, first: number): { text: string; values: string[][] } {
  const fields = Object.entries(where) as [keyof typeof columns, string | readonly string[]][];
  return {
    text: fields.map(([field], index) => ` and ${columns[field]} = any($${first + index}::text[])`).join(''),
    values: fields.map(([, values]) => [values].flat()),
  };
}
