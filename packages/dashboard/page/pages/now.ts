import type { VNode } from 'preact';
import { type Cap, type Incident, type Page, queryOf, type SwitchEntry } from '../api.js';
import { count, duration, money, time } from '../format.js';
import { html } from '../html.js';
import { Empty, Failure, Money, Section, Table } from '../parts/basics.js';
import { CapBar, fateOf, subjectOf } from '../parts/caps.js';
import { type Place, useData } from '../state.js';

interface Spend {
  readonly cost_usd: string;
  readonly calls: number;
  readonly unconfirmed_usd: string;
}

interface Overview {
  readonly at: string;
  readonly today: Spend | null;
  readonly month: Spend | null;
  readonly previous_month: Spend | null;
  readonly forecast: {
    readonly month_usd: string;
    readonly low_usd: string;
    readonly high_usd: string;
  } | null;
  readonly refusals: number;
  readonly process: {
    readonly ready: boolean;
    readonly in_flight: number;
    readonly unverified: number;
    readonly spool_full: boolean | null;
    readonly dropped_events: number | null;
  } | null;
}

interface Mover {
  readonly by: Readonly<Record<string, string | null>>;
  readonly cost_usd: string;
  readonly previous_usd: string;
  readonly change_usd: string;
}

/** The first page at 3 a.m.: what is spent, what is about to run out, what acts. */
export function Now({ place }: { place: Place }): VNode {
  const zone = place.params.get('zone') ?? 'UTC';
  const { data, error } = useData<Overview>('/overview', 'usage', 'refusals');
  const caps = useData<Page<Cap>>('/caps?limit=6&forecast=true', 'usage');
  const movers = useData<{ data: readonly Mover[] }>(
    `/movers${queryOf({ by: 'tenant,model', limit: 5, ...lastWeek() })}`,
    'usage',
  );
  const incidents = useData<Page<Incident>>('/incidents?limit=5', 'incidents');
  const off = useData<{ data: readonly SwitchEntry[] }>('/switch', 'switch');
  if (error && !data) return html`<${Failure} error=${error} />`;
  return html`
    ${
      (off.data?.data.length ?? 0) > 0
        ? html`<p role="status" class="notice">Switched off: ${off.data?.data
            .map(({ kind, name }) => (name ? `${kind} ${name}` : kind))
            .join(', ')}. <a href="#/switch">Show the switch</a></p>`
        : null
    }
    <div class="cards">
      <${Card} title="Spent today (UTC)" usd=${data?.today?.cost_usd}>${data?.today ? `${count(data.today.calls)} calls` : 'No ledger'}<//>
      <${Card} title="Spent this month" usd=${data?.month?.cost_usd}>${comparison(data)}<//>
      <${Card} title="Forecast at month end" usd=${data?.forecast?.month_usd}>${
        data?.forecast
          ? `${money(data.forecast.low_usd)} to ${money(data.forecast.high_usd)}`
          : 'After three days of spending'
      }<//>
      <${Card} title="Refused in 24 h" value=${data ? count(data.refusals) : undefined}><a href="#/refusals">By code and tenant</a><//>
      ${
        data?.process
          ? html`<${Card} title="This process" value=${data.process.ready ? 'Ready' : 'Not ready'}>${count(
              data.process.in_flight,
            )} in flight${data.process.unverified > 0 ? `, ${count(data.process.unverified)} admitted without counters` : ''}${
              data.process.spool_full ? ', spool is full' : ''
            }<//>`
          : null
      }
    </div>
    <${Section} title="Closest to their cap" actions=${html`<a href="#/limits">All limits</a>`}>
      ${caps.error ? html`<${Failure} error=${caps.error} />` : null}
      ${
        caps.data?.data.length === 0
          ? html`<${Empty}>Nothing was used of any cap yet. Make a call with a key, and it is shown here.<//>`
          : html`<ul class="caps">${caps.data?.data.map(
              (cap) => html`<li key=${subjectOf(cap) + cap.limit}>
              <div class="cap-head"><strong>${subjectOf(cap)}</strong> <span>${cap.limit}</span></div>
              <${CapBar} cap=${cap} /><small>${fateOf(cap, zone)}</small>
            </li>`,
            )}</ul>`
      }
    <//>
    <${Section} title="Largest changes against the week before" actions=${html`<a href="#/usage">Breakdown</a>`}>
      ${movers.data?.data.length === 0 ? html`<${Empty}>No spend has changed against the week before.<//>` : null}
      ${
        movers.data && movers.data.data.length > 0
          ? html`<${Table} caption="Largest changes of spend, last 7 days against the 7 days before" rows=${movers.data.data}
            keyOf=${(_: Mover, index: number) => String(index)} columns=${[
              { name: 'Tenant', of: ({ by }: Mover) => by.tenant ?? '–' },
              { name: 'Model', of: ({ by }: Mover) => by.model ?? '–' },
              {
                name: 'Last 7 days',
                isNumber: true,
                of: (one: Mover) => html`<${Money} usd=${one.cost_usd} />`,
              },
              {
                name: 'Before',
                isNumber: true,
                of: (one: Mover) => html`<${Money} usd=${one.previous_usd} />`,
              },
              {
                name: 'Change',
                isNumber: true,
                of: (one: Mover) => html`<${Money} usd=${one.change_usd} />`,
              },
            ]} />`
          : null
      }
    <//>
    <${Section} title="Incidents" actions=${html`<a href="#/incidents">All incidents</a>`}>
      ${
        (incidents.data?.data.length ?? 0) === 0
          ? html`<${Empty}>No action of watch() holds. It is listed here when one does.<//>`
          : html`<ul>${incidents.data?.data.map(
              (one) =>
                html`<li key=${one.id}>${time(one.at, zone)} ${zone}: ${one.action} of ${one.target}, ${one.outcome}, for ${duration(
                  Date.parse(one.until) - Date.parse(one.at),
                )}. ${one.reason}</li>`,
            )}</ul>`
      }
    <//>`;
}

function lastWeek(): { from: string; to: string } {
  const nowMs = Math.ceil(Date.now() / 60_000) * 60_000;
  return { from: new Date(nowMs - 7 * 86_400_000).toISOString(), to: new Date(nowMs).toISOString() };
}

function comparison(data: Overview | undefined): string {
  if (!data?.month || !data.previous_month) return 'No ledger';
  return `${money(data.previous_month.cost_usd)} in the month before, up to the same time`;
}

function Card({
  title,
  usd,
  value,
  children,
}: {
  title: string;
  usd?: string;
  value?: string;
  children?: unknown;
}): VNode {
  return html`<div class="card"><h2>${title}</h2>
    <p class="figure">${usd !== undefined ? html`<${Money} usd=${usd} />` : (value ?? '–')}</p><p>${children}</p></div>`;
}
