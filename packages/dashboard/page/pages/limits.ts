import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { type Cap, type Page, queryOf } from '../api.js';
import { inUnit, percent, time } from '../format.js';
import { html } from '../html.js';
import { Empty, Failure, Pager, Search, Section, Table } from '../parts/basics.js';
import { CapBar, fateOf, LimitButton, subjectOf } from '../parts/caps.js';
import { Chart } from '../parts/chart.js';
import { useRole } from '../parts/shell.js';
import { type Place, setParams, useData } from '../state.js';

/** Every cap, the fullest first, with its forecast; the burn-down of one. */
export function Limits({ place }: { place: Place }): VNode {
  const { params } = place;
  const [search, after, zone] = [
    params.get('search') ?? '',
    params.get('after') ?? undefined,
    params.get('zone') ?? 'UTC',
  ];
  const mayChange = useRole('operator');
  const [chosen, choose] = useState<Cap>();
  const { data, error } = useData<Page<Cap>>(
    `/caps${queryOf({ search, after, limit: 25, forecast: 'true' })}`,
    'usage',
  );
  const columns = [
    { name: 'Whose', of: subjectOf },
    { name: 'Limit', of: (cap: Cap) => cap.limit },
    { name: 'Used, unresolved, held', of: (cap: Cap) => html`<${CapBar} cap=${cap} />` },
    { name: 'Share', isNumber: true, of: (cap: Cap) => percent(cap.share) },
    { name: 'Used', isNumber: true, of: (cap: Cap) => inUnit(cap.used, cap.unit) },
    { name: 'Cap', isNumber: true, of: (cap: Cap) => inUnit(cap.cap, cap.unit) },
    { name: 'Lasts', of: (cap: Cap) => fateOf(cap, zone) },
    {
      name: 'Actions',
      of: (cap: Cap) =>
        html`<span class="actions">${
          canBurn(cap)
            ? html`<button type="button" aria-label=${`Burn-down of ${cap.limit} of ${subjectOf(cap)}`} onClick=${() => choose(cap)}>Burn-down</button>`
            : null
        }${mayChange ? html`<${LimitButton} cap=${cap} />` : null}</span>`,
    },
  ];
  return html`
    <${Section} title="Caps, the fullest first">
      <div class="fields"><${Search} label="Tenant, team, user, key or limit" value=${search}
        search=${(text: string) => setParams({ search: text, after: undefined })} /></div>
      ${error ? html`<${Failure} error=${error} />` : null}
      ${
        data?.data.length === 0
          ? html`<${Empty}>${search ? 'No cap matches. Search for another name.' : 'Nothing was used of any cap yet. Make a call with a key, and its caps are shown here.'}<//>`
          : null
      }
      ${
        data && data.data.length > 0
          ? html`<${Table} caption="Caps, the fullest first" columns=${columns} rows=${data.data}
            keyOf=${(cap: Cap) => subjectOf(cap) + cap.limit} />`
          : null
      }
      <${Pager} after=${after} next=${data?.next} go=${(next: string | undefined) => setParams({ after: next })} />
    <//>
    ${chosen ? html`<${BurnDown} cap=${chosen} zone=${zone} />` : null}`;
}

/** The ledger adds up what attempts have cost and used; places in flight have no history. */
const units = ['usd', 'tokens', 'inputTokens', 'outputTokens', 'requests'];
const canBurn = ({ unit }: Cap): boolean => units.includes(unit);

/** What was used since the window began, added up, towards its cap; the forecast continues from now. */
function BurnDown({ cap, zone }: { cap: Cap; zone: string }): VNode {
  const [start, end] = [Date.parse(cap.starts_at), Date.parse(cap.resets_at)];
  const { tenant, team, user, key, unit } = cap;
  const subject = { tenant, team: team ?? '', user: user ?? '', key: key ?? '' };
  const { data, error } = useData<{ step_ms: number; data: readonly (string | number)[] }>(
    `/caps/curve${queryOf({ ...subject, unit, from: cap.starts_at, to: cap.resets_at })}`,
    'usage',
  );
  if (error) return html`<${Failure} error=${error} />`;
  if (!data) return html`<p>Loading …</p>`;
  const step = data.step_ms;
  const steps = Array.from({ length: Math.ceil((end - start) / step) }, (_, index) => start + index * step);
  const now = start + (data.data.length - 1) * step;
  const used = Number(cap.used);
  const goneMs = cap.used_up_at === null ? undefined : Date.parse(cap.used_up_at);
  const within = cap.used_up_within_ms ?? 0;
  const towards = (atMs: number) =>
    steps.map((at) => {
      if (at < now) return null;
      if (at + step >= atMs) return Number(cap.cap);
      return used + ((Number(cap.cap) - used) * (at - now)) / Math.max(step, atMs - now);
    });
  const series = [
    {
      name: 'Used',
      values: steps.map((_, index) => (index < data.data.length ? Number(data.data[index]) : null)),
    },
    { name: 'Cap', values: steps.map(() => Number(cap.cap)), isDashed: true },
    ...(goneMs === undefined
      ? []
      : [
          { name: 'Forecast', values: towards(goneMs), isDashed: true },
          {
            name: 'Forecast, sooner',
            values: towards(Math.max(now + step, goneMs - within)),
            isDashed: true,
          },
          { name: 'Forecast, later', values: towards(goneMs + within), isDashed: true },
        ]),
  ];
  return html`<${Section} title=${`Burn-down: ${cap.limit} of ${subjectOf(cap)}`}>
    <p>${fateOf(cap, zone)}</p>
    <${Chart} summary=${`What was used since ${time(cap.starts_at, zone)} ${zone}, towards the cap of ${inUnit(cap.cap, unit)}. ${fateOf(cap, zone)}`}
      times=${steps.map((at) => at / 1_000)} labels=${steps.map((at) => `${time(new Date(at).toISOString(), zone)} ${zone}`)}
      series=${series} unit=${unit === 'usd' ? 'usd' : 'count'} />
  <//>`;
}
