import type { VNode } from 'preact';
import { useId } from 'preact/hooks';
import { queryOf, type Usage, type UsageRow } from '../api.js';
import { count, percent, shortCount } from '../format.js';
import { html } from '../html.js';
import { Empty, Failure, Money, Section, Table } from '../parts/basics.js';
import { Chart } from '../parts/chart.js';
import { type Range, RangePicker, rangeOf } from '../parts/range.js';
import { type Place, setParams, useData } from '../state.js';

const dimensions = [
  'tenant',
  'team',
  'user',
  'key',
  'model',
  'provider',
  'route',
  'feature',
  'plan',
  'outcome',
];
const filters = ['tenant', 'team', 'user', 'key', 'model', 'provider', 'route', 'feature', 'plan', 'outcome'];
/** Beyond these, a stack is one more part: the rest. */
const mostParts = 10;
const dayMs = 86_400_000;

/** Who and what costs: by one dimension over time, compared with the period before; a value leads to its own breakdown. */
export function UsagePage({ place }: { place: Place }): VNode {
  const { params } = place;
  const range = rangeOf(place);
  const by = dimensions.includes(params.get('by') ?? '') ? (params.get('by') ?? 'model') : 'model';
  const only = Object.fromEntries(
    filters.flatMap((name) => (params.get(name) ? [[name, params.get(name) ?? '']] : [])),
  );
  const asked = { ...range, ...only };
  const now = useData<Usage>(`/usage${queryOf({ ...asked, by, limit: 200 })}`, 'usage');
  const before = useData<Usage>(`/usage${queryOf({ ...asked, ...earlier(range), by, limit: 1_000 })}`);
  const top = (now.data?.data ?? []).slice(0, mostParts).map((row) => row.by[by] ?? null);
  const parts = top.length > 0 ? { values: JSON.stringify(top) } : undefined;
  const daily = useData<Usage>(
    parts && `/usage${queryOf({ ...asked, ...parts, by: `day,${by}`, limit: 10_000 })}`,
    'usage',
  );
  const days = useData<Usage>(parts && `/usage${queryOf({ ...asked, by: 'day', limit: 1_000 })}`, 'usage');
  const total = (now.data?.data ?? []).reduce((sum, { cost_usd }) => sum + Number(cost_usd), 0);
  const previous = new Map(before.data?.data.map((row) => [row.by[by], row.cost_usd]));
  const columns = [
    {
      name: by,
      of: (row: UsageRow) =>
        row.by[by] === null || row.by[by] === undefined
          ? '(none)'
          : html`<button type="button" class="link" onClick=${() => drill(by, row.by[by] ?? '')}>${row.by[by]}</button>`,
    },
    { name: 'Cost', isNumber: true, of: (row: UsageRow) => html`<${Money} usd=${row.cost_usd} />` },
    {
      name: 'Share',
      isNumber: true,
      of: (row: UsageRow) => (total > 0 ? percent(Number(row.cost_usd) / total) : '–'),
    },
    {
      name: 'Period before',
      isNumber: true,
      of: (row: UsageRow) => html`<${Money} usd=${previous.get(row.by[by] ?? null) ?? '0.00'} />`,
    },
    { name: 'Calls', isNumber: true, of: (row: UsageRow) => count(row.calls) },
    {
      name: 'Per 1 000 calls',
      isNumber: true,
      of: (row: UsageRow) =>
        row.calls > 0
          ? html`<${Money} usd=${((Number(row.cost_usd) / row.calls) * 1_000).toFixed(9)} />`
          : '–',
    },
    { name: 'Input tokens', isNumber: true, of: (row: UsageRow) => shortCount(row.input_tokens) },
    { name: 'of them cached', isNumber: true, of: (row: UsageRow) => shortCount(row.cached_input_tokens) },
    { name: 'Output tokens', isNumber: true, of: (row: UsageRow) => shortCount(row.output_tokens) },
    {
      name: 'Unconfirmed',
      isNumber: true,
      of: (row: UsageRow) => html`<${Money} usd=${row.unconfirmed_usd} />`,
    },
  ];
  return html`
    <${RangePicker} place=${place} />
    <${Chips} only=${only} by=${by} />
    ${now.error ? html`<${Failure} error=${now.error} />` : null}
    ${
      now.data?.data.length === 0
        ? html`<${Empty}>No usage in this period. Choose a longer one, or remove a filter.<//>`
        : null
    }
    ${
      now.data && now.data.data.length > 0 && daily.data && days.data
        ? html`<${Section} title=${`Cost by ${by} and day`}><${Stack} rows=${daily.data.data} all=${days.data.data} by=${by} top=${top} range=${range} /><//>`
        : null
    }
    ${
      now.data && now.data.data.length > 0
        ? html`<${Section} title=${`Cost by ${by}, the dearest first`}>
          <${Table} caption=${`Cost by ${by}`} columns=${columns} rows=${now.data.data} keyOf=${(row: UsageRow) => String(row.by[by])} />
          ${now.data.has_more ? html`<p>The dearest 200 are shown.</p>` : null}
        <//>`
        : null
    }`;
}

/** The next dimension that a value is looked at by. */
const below: Readonly<Record<string, string>> = {
  tenant: 'model',
  team: 'model',
  user: 'model',
  key: 'model',
  model: 'tenant',
  provider: 'model',
  route: 'model',
  feature: 'model',
  plan: 'tenant',
  outcome: 'model',
};

function drill(by: string, value: string): void {
  setParams({ [by]: value, by: below[by] });
}

function Chips({ only, by }: { only: Readonly<Record<string, string>>; by: string }): VNode {
  const id = useId();
  return html`<div class="fields">
    <span class="field"><label for=${id}>Broken down by</label>
      <select id=${id} onChange=${(event: Event) => setParams({ by: (event.currentTarget as HTMLSelectElement).value })}>${dimensions.map(
        (one) => html`<option value=${one} selected=${one === by}>${one}</option>`,
      )}</select></span>
    ${Object.entries(only).map(
      ([name, value]) =>
        html`<button type="button" key=${name} class="chip" onClick=${() => setParams({ [name]: undefined })}>${name}: ${value} <span aria-hidden="true">×</span><span class="hidden">, remove this filter</span></button>`,
    )}
  </div>`;
}

function Stack({
  rows,
  all,
  by,
  top,
  range,
}: {
  rows: readonly UsageRow[];
  /** Of all values together. */
  all: readonly UsageRow[];
  by: string;
  top: readonly (string | null)[];
  range: Range;
}): VNode {
  const days = daysOf(range);
  const names = [...top.map((value) => value ?? '(none)'), 'the rest'];
  const sums = names.map(() => days.map(() => 0));
  const add = (part: number, row: UsageRow, usd: number): void => {
    const line = sums[part];
    const day = days.indexOf(row.by.day ?? '');
    if (line && day !== -1) line[day] = Math.max(0, (line[day] ?? 0) + usd);
  };
  for (const row of all) add(names.length - 1, row, Number(row.cost_usd));
  for (const row of rows) {
    add(top.indexOf(row.by[by] ?? null), row, Number(row.cost_usd));
    add(names.length - 1, row, -Number(row.cost_usd));
  }
  // Sums of floats: less than a cent is nothing.
  sums[names.length - 1] = (sums.at(-1) ?? []).map((usd) => (usd < 0.005 ? 0 : usd));
  const series = names
    .map((name, index) => ({ name, values: sums[index] ?? [] }))
    .filter(({ values }, index) => index < top.length || values.some((value) => value > 0));
  return html`<${Chart} summary=${`Cost by ${by} and day (${range.time_zone}), as a stack of the dearest ${top.length}`} isStacked=${true} unit="usd"
    times=${days.map((day) => Date.parse(day) / 1_000)} labels=${days} series=${series} />`;
}

/** The period of the same length before. */
function earlier({ from, to }: Range): Pick<Range, 'from' | 'to'> {
  const length = Math.max(dayMs / 24, Date.parse(to) - Date.parse(from));
  return { from: new Date(Date.parse(from) - length).toISOString(), to: from };
}

/** The days of a period in its zone, also those without usage. */
function daysOf({ from, to, time_zone: timeZone }: Range): string[] {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  const days = new Set<string>();
  for (let atMs = Date.parse(from); atMs < Date.parse(to); atMs += dayMs / 2) days.add(format.format(atMs));
  return [...days.add(format.format(Date.parse(to) - 1))];
}
