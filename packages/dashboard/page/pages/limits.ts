import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { type Cap, type Page, queryOf, type Usage } from '../api.js';
import { inUnit, percent } from '../format.js';
import { html } from '../html.js';
import { Empty, Failure, Pager, Search, Section, Table } from '../parts/basics.js';
import { CapBar, fateOf, LimitButton, subjectOf } from '../parts/caps.js';
import { Chart } from '../parts/chart.js';
import { useRole } from '../parts/shell.js';
import { type Place, setParams, useData } from '../state.js';

const dayMs = 86_400_000;

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

/** Only usage by the day is known, and only of tenants, teams, users and keys. */
const canBurn = ({ unit, limit }: Cap): boolean => unit === 'usd' && limit.includes('month');

/** Spend of the month, added up, towards its cap; the forecast continues from today. */
function BurnDown({ cap, zone }: { cap: Cap; zone: string }): VNode {
  const end = Date.parse(cap.resets_at);
  const start = monthBefore(end);
  const narrow = { tenant: cap.tenant, team: cap.team ?? '', user: cap.user ?? '', key: cap.key ?? '' };
  const period = { from: new Date(start).toISOString(), to: new Date(end).toISOString() };
  const { data, error } = useData<Usage>(
    `/usage${queryOf({ ...narrow, ...period, by: 'day', limit: 100 })}`,
    'usage',
  );
  if (error) return html`<${Failure} error=${error} />`;
  const days = Array.from({ length: Math.round((end - start) / dayMs) }, (_, index) => start + index * dayMs);
  const byDay = new Map(data?.data.map(({ by, cost_usd }) => [by.day, Number(cost_usd)]));
  const today = Math.floor(Date.now() / dayMs) * dayMs;
  let sum = 0;
  const spent = days.map((day) => {
    if (day > today) return null;
    sum += byDay.get(new Date(day).toISOString().slice(0, 10)) ?? 0;
    return sum;
  });
  const used = Number(cap.used);
  const goneMs = cap.used_up_at === null ? undefined : Date.parse(cap.used_up_at);
  const within = cap.used_up_within_ms ?? 0;
  const towards = (atMs: number | undefined) =>
    days.map((day) => {
      if (day < today || atMs === undefined) return null;
      if (day + dayMs >= atMs) return Number(cap.cap);
      return used + ((Number(cap.cap) - used) * (day - today)) / Math.max(dayMs, atMs - today);
    });
  const series = [
    { name: 'Spent', values: spent },
    { name: 'Cap', values: days.map(() => Number(cap.cap)), isDashed: true },
    ...(goneMs === undefined
      ? []
      : [
          { name: 'Forecast', values: towards(goneMs), isDashed: true },
          {
            name: 'Forecast, sooner',
            values: towards(Math.max(today + dayMs, goneMs - within)),
            isDashed: true,
          },
          { name: 'Forecast, later', values: towards(goneMs + within), isDashed: true },
        ]),
  ];
  return html`<${Section} title=${`Burn-down: ${cap.limit} of ${subjectOf(cap)}`}>
    <p>${fateOf(cap, zone)}</p>
    <${Chart} summary=${`Spend of the month towards the cap of ${inUnit(cap.cap, cap.unit)}. ${fateOf(cap, zone)}`}
      times=${days.map((day) => day / 1_000)} labels=${days.map((day) => new Date(day).toISOString().slice(0, 10))}
      series=${series} unit="usd" />
  <//>`;
}

function monthBefore(endMs: number): number {
  const end = new Date(endMs);
  return Date.UTC(end.getUTCFullYear(), end.getUTCMonth() - 1, end.getUTCDate());
}
