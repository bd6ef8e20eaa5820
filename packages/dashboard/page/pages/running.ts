import type { VNode } from 'preact';
import { count, time } from '../format.js';
import { html } from '../html.js';
import { Empty, Failure, Money, Section, Table } from '../parts/basics.js';
import { useMe } from '../parts/shell.js';
import { type Place, useData } from '../state.js';

interface Reservation {
  readonly request_id: string;
  readonly tenant: string;
  readonly key_id: string | null;
  readonly plan: string;
  readonly route: string | null;
  readonly started_at: string;
  readonly calls: number;
  readonly estimate_usd: string;
  readonly cost_usd: string;
}

interface Job {
  readonly id: string;
  readonly tenant: string;
  readonly plan: string;
  readonly status: string;
  readonly created_at: string;
  readonly due_at: string | null;
  readonly tries: number;
  readonly error: string | null;
}

interface Backlog {
  readonly settlements: number;
  readonly spool: { readonly waiting: number; readonly bytes: number; readonly refused: number } | null;
  readonly outbox: { readonly waiting: number; readonly dead: number } | null;
}

/** What runs and waits: reservations, deferred requests, events on their way into the ledger. */
export function RunningPage({ place }: { place: Place }): VNode {
  const me = useMe();
  return html`<${Reservations} place=${place} />${me?.has.jobs ? html`<${Jobs} place=${place} />` : null}${
    me && !me.tenant ? html`<${Waiting} />` : null
  }`;
}

function Reservations({ place }: { place: Place }): VNode {
  const zone = place.params.get('zone') ?? 'UTC';
  const { data, error } = useData<{ process: string; count: number; data: readonly Reservation[] }>(
    '/reservations',
    'usage',
  );
  return html`<${Section} title="Running requests">
    ${error ? html`<${Failure} error=${error} />` : null}
    ${data ? html`<p>${count(data.count)} in process ${data.process} hold a reservation.</p>` : null}
    ${data?.data.length === 0 ? html`<${Empty}>No request runs in this process at the moment. A request is listed here from its admission until it is settled.<//>` : null}
    ${
      data && data.data.length > 0
        ? html`<${Table} caption="Running requests, the oldest first" rows=${data.data} keyOf=${(one: Reservation) => one.request_id} columns=${[
            { name: `Since (${zone})`, of: (one: Reservation) => time(one.started_at, zone) },
            { name: 'Tenant', of: (one: Reservation) => one.tenant },
            { name: 'Key', of: (one: Reservation) => one.key_id ?? '–' },
            { name: 'Route', of: (one: Reservation) => one.route ?? '–' },
            { name: 'Calls', isNumber: true, of: (one: Reservation) => count(one.calls) },
            {
              name: 'At most',
              isNumber: true,
              of: (one: Reservation) => html`<${Money} usd=${one.estimate_usd} />`,
            },
            {
              name: 'So far',
              isNumber: true,
              of: (one: Reservation) => html`<${Money} usd=${one.cost_usd} />`,
            },
            { name: 'Request id', of: (one: Reservation) => html`<code>${one.request_id}</code>` },
          ]} />`
        : null
    }
  <//>`;
}

function Jobs({ place }: { place: Place }): VNode {
  const zone = place.params.get('zone') ?? 'UTC';
  const { data, error } = useData<{ data: readonly Job[] }>('/jobs', 'usage');
  return html`<${Section} title="Deferred requests">
    ${error ? html`<${Failure} error=${error} />` : null}
    ${data?.data.length === 0 ? html`<${Empty}>No request waits. Requests with “Prefer: respond-async” that find no room are listed here.<//>` : null}
    ${
      data && data.data.length > 0
        ? html`<${Table} caption="Deferred requests, the newest first" rows=${data.data} keyOf=${(one: Job) => one.id} columns=${[
            { name: `Made (${zone})`, of: (one: Job) => time(one.created_at, zone) },
            { name: 'Tenant', of: (one: Job) => one.tenant },
            { name: 'Plan', of: (one: Job) => one.plan },
            { name: 'Status', of: (one: Job) => (one.error ? `${one.status}: ${one.error}` : one.status) },
            {
              name: `Due (${zone})`,
              of: (one: Job) => (one.due_at && one.status === 'queued' ? time(one.due_at, zone) : '–'),
            },
            { name: 'Tries', isNumber: true, of: (one: Job) => count(one.tries) },
            { name: 'Id', of: (one: Job) => html`<code>${one.id}</code>` },
          ]} />`
        : null
    }
  <//>`;
}

function Waiting(): VNode {
  const { data, error } = useData<Backlog>('/backlog', 'usage');
  const spool = data?.spool;
  const outbox = data?.outbox;
  return html`<${Section} title="On the way into the ledger">
    ${error ? html`<${Failure} error=${error} />` : null}
    ${
      data
        ? html`<ul>
            <li>Settlements that the counters have not taken yet: ${count(data.settlements)}</li>
            ${spool ? html`<li>Events on this machine's disk: ${count(spool.waiting)} (${count(spool.bytes)} bytes)${spool.refused > 0 ? `; ${count(spool.refused)} that no row can hold, in refused.jsonl` : ''}</li>` : null}
            ${outbox ? html`<li>Events on Redis: ${count(outbox.waiting)}${outbox.dead > 0 ? `; ${count(outbox.dead)} set aside, since a sink kept refusing them` : ''}</li>` : null}
          </ul>`
        : null
    }
  <//>`;
}
