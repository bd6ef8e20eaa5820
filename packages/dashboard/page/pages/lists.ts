import type { VNode } from 'preact';
import { change, type Page, queryOf } from '../api.js';
import { count, duration, time } from '../format.js';
import { html } from '../html.js';
import {
  DialogButton,
  Empty,
  Failure,
  FormDialog,
  Money,
  Pager,
  Search,
  Section,
  Table,
} from '../parts/basics.js';
import { RangePicker, rangeOf } from '../parts/range.js';
import { useRole } from '../parts/shell.js';
import { type Place, setParams, useData } from '../state.js';

interface Refusal {
  readonly code: string;
  readonly status: number;
  readonly tenant: string | null;
  readonly count: number;
  readonly asked_usd: string;
}

/** What this process refused in the last day. */
export function Refusals({ place }: { place: Place }): VNode {
  const zone = place.params.get('zone') ?? 'UTC';
  const { data, error } = useData<{ process: string; since: string; data: readonly Refusal[] }>(
    '/refusals',
    'refusals',
  );
  return html`<${Section} title="Refusals of the last 24 hours">
    ${error ? html`<${Failure} error=${error} />` : null}
    ${data ? html`<p>Counted by process ${data.process} since ${time(data.since, zone)} ${zone}.</p>` : null}
    ${data?.data.length === 0 ? html`<${Empty}>This process has refused nothing. Each refusal is counted here by its code and tenant.<//>` : null}
    ${
      data && data.data.length > 0
        ? html`<${Table} caption="Refusals by code and tenant" rows=${data.data} keyOf=${(_: Refusal, index: number) => String(index)} columns=${[
            { name: 'Code', of: (one: Refusal) => html`<code>${one.code}</code>` },
            { name: 'Status', isNumber: true, of: (one: Refusal) => one.status },
            { name: 'Tenant', of: (one: Refusal) => one.tenant ?? '(unknown caller)' },
            { name: 'Refused', isNumber: true, of: (one: Refusal) => count(one.count) },
            {
              name: 'Asked at most',
              isNumber: true,
              of: (one: Refusal) =>
                Number(one.asked_usd) > 0 ? html`<${Money} usd=${one.asked_usd} />` : '–',
            },
          ]} />`
        : null
    }
  <//>`;
}

interface Provider {
  readonly provider: string;
  readonly attempts: number;
  readonly failed: number;
  readonly retries: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly first_byte_p50_ms: number | null;
  readonly last_failure: {
    readonly at: string;
    readonly status: number;
    readonly code: string | null;
  } | null;
}

interface Providers {
  readonly process: string;
  readonly since: string;
  readonly data: readonly Provider[];
  readonly breakers: readonly { readonly target: string; readonly state: string; readonly at: string }[];
}

/** How providers answer. */
export function ProvidersPage({ place }: { place: Place }): VNode {
  const zone = place.params.get('zone') ?? 'UTC';
  const { data, error } = useData<Providers>('/providers', 'usage');
  const ms = (value: number | null): string => (value === null ? '–' : `${count(Math.round(value))} ms`);
  return html`<${Section} title="Providers">
    ${error ? html`<${Failure} error=${error} />` : null}
    ${data ? html`<p>Seen by process ${data.process} since ${time(data.since, zone)} ${zone}, by calls of proxy().</p>` : null}
    ${data?.data.length === 0 ? html`<${Empty}>No provider was called by this process yet. Make a call through proxy().<//>` : null}
    ${
      data && data.data.length > 0
        ? html`<${Table} caption="Providers" rows=${data.data} keyOf=${(one: Provider) => one.provider} columns=${[
            { name: 'Provider', of: (one: Provider) => one.provider },
            { name: 'Attempts', isNumber: true, of: (one: Provider) => count(one.attempts) },
            { name: 'Failed', isNumber: true, of: (one: Provider) => count(one.failed) },
            { name: 'Retries', isNumber: true, of: (one: Provider) => count(one.retries) },
            { name: 'Median', isNumber: true, of: (one: Provider) => ms(one.p50_ms) },
            { name: '95 %', isNumber: true, of: (one: Provider) => ms(one.p95_ms) },
            { name: 'First byte', isNumber: true, of: (one: Provider) => ms(one.first_byte_p50_ms) },
            {
              name: 'Last failure',
              of: ({ last_failure: last }: Provider) =>
                last ? `${time(last.at, zone)} ${zone}: ${last.status || 'no answer'}` : 'none',
            },
          ]} />`
        : null
    }
    ${
      data && data.breakers.length > 0
        ? html`<h3>Breakers</h3><ul>${data.breakers.map((one) => html`<li key=${one.target}>${one.target}: ${one.state} since ${time(one.at, zone)} ${zone}</li>`)}</ul>`
        : null
    }
  <//>`;
}

interface Attempt {
  readonly event_id: string;
  readonly request_id: string;
  readonly admitted_at: string;
  readonly tenant: string;
  readonly key: string | null;
  readonly provider: string;
  readonly model: string;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost_usd: string;
  readonly status: number;
  readonly outcome: string;
  readonly latency_ms: number;
}

/** Single attempts: ids and figures, never prompts. */
export function Attempts({ place }: { place: Place }): VNode {
  const { params } = place;
  const [tenant, after] = [params.get('tenant') ?? '', params.get('after') ?? undefined];
  const { from, to, time_zone: zone } = rangeOf(place);
  const { data, error } = useData<Page<Attempt>>(
    `/attempts${queryOf({ from, to, tenant, after, limit: 50 })}`,
    'usage',
  );
  return html`<${Section} title="Attempts, the newest first">
    <div class="fields"><${RangePicker} place=${place} /><${Search} label="Tenant, exactly" value=${tenant}
      search=${(text: string) => setParams({ tenant: text, after: undefined })} /></div>
    ${error ? html`<${Failure} error=${error} />` : null}
    ${data?.data.length === 0 ? html`<${Empty}>No attempt in this period. Choose a longer one, or make a call.<//>` : null}
    ${
      data && data.data.length > 0
        ? html`<${Table} caption="Attempts" rows=${data.data} keyOf=${(one: Attempt) => one.event_id} columns=${[
            { name: `Admitted (${zone})`, of: (one: Attempt) => time(one.admitted_at, zone) },
            { name: 'Tenant', of: (one: Attempt) => one.tenant },
            { name: 'Key', of: (one: Attempt) => one.key ?? '–' },
            { name: 'Model', of: (one: Attempt) => `${one.provider} ${one.model}` },
            { name: 'Input', isNumber: true, of: (one: Attempt) => count(one.input_tokens) },
            { name: 'Output', isNumber: true, of: (one: Attempt) => count(one.output_tokens) },
            { name: 'Cost', isNumber: true, of: (one: Attempt) => html`<${Money} usd=${one.cost_usd} />` },
            { name: 'Outcome', of: (one: Attempt) => `${one.outcome} (${one.status})` },
            {
              name: 'Took',
              isNumber: true,
              of: (one: Attempt) =>
                one.latency_ms < 90_000
                  ? `${count(Math.round(one.latency_ms))} ms`
                  : duration(one.latency_ms),
            },
            { name: 'Request id', of: (one: Attempt) => html`<code>${one.request_id}</code>` },
          ]} />`
        : null
    }
    <${Pager} after=${after} next=${data?.next} go=${(next: string | undefined) => setParams({ after: next })} />
  <//>`;
}

interface Tenant {
  readonly tenant: string;
  readonly name: string | null;
  readonly teams: readonly string[];
  readonly keys: number;
  readonly disabled_at: string | null;
}

/** Tenants with search. */
export function Tenants({ place }: { place: Place }): VNode {
  const { params } = place;
  const [search, after] = [params.get('search') ?? '', params.get('after') ?? undefined];
  const mayChange = useRole('operator');
  const { data, error, reload } = useData<Page<Tenant>>(`/tenants${queryOf({ search, after, limit: 50 })}`);
  const create = async ({ tenant = '', name, teams }: Record<string, string>): Promise<undefined> => {
    const wanted = (teams ?? '')
      .split(',')
      .map((team) => team.trim())
      .filter(Boolean);
    await change('/tenants', { tenant, ...(name && { name }), ...(wanted.length > 0 && { teams: wanted }) });
    reload();
    return undefined;
  };
  const setDisabled = ({ tenant, disabled_at: disabled }: Tenant): VNode => {
    const [label, action] = disabled ? ['Enable', 'enable'] : ['Disable', 'disable'];
    return html`<${DialogButton} label=${label} isDanger=${!disabled} about=${`tenant ${tenant}`} dialog=${(
      close: () => void,
    ) =>
      html`<${FormDialog} title=${`${label} tenant ${tenant}`} action=${label} isDanger=${!disabled} close=${close} fields=${[]}
        text=${disabled ? 'Its keys are accepted again.' : 'All of its keys are refused until it is enabled again.'}
        submit=${async () => {
          const { pending } = await change(`/tenants/${encodeURIComponent(tenant)}/${action}`);
          reload();
          return pending
            ? 'It is stored. No running process has confirmed it yet.'
            : 'Done, and confirmed by a running process.';
        }} />`} />`;
  };
  const columns = [
    {
      name: 'Tenant',
      of: (one: Tenant) =>
        html`<a href=${`#/usage?tenant=${encodeURIComponent(one.tenant)}&by=model`}>${one.tenant}</a>`,
    },
    { name: 'Name', of: (one: Tenant) => one.name ?? '–' },
    { name: 'Teams', of: (one: Tenant) => one.teams.join(', ') || '–' },
    { name: 'Valid keys', isNumber: true, of: (one: Tenant) => count(one.keys) },
    { name: 'Status', of: (one: Tenant) => (one.disabled_at ? 'disabled' : 'active') },
    ...(mayChange ? [{ name: 'Actions', of: setDisabled }] : []),
  ];
  const newTenant = html`<${DialogButton} label="New tenant" dialog=${(close: () => void) =>
    html`<${FormDialog} title="New tenant" action="Make tenant" close=${close} submit=${create} fields=${[
      { name: 'tenant', label: 'Id' },
      { name: 'name', label: 'Name', isOptional: true },
      { name: 'teams', label: 'Teams, separated by commas', isOptional: true },
    ]} />`} />`;
  return html`<${Section} title="Tenants" actions=${mayChange ? newTenant : null}>
    <div class="fields"><${Search} label="Id or name" value=${search} search=${(text: string) => setParams({ search: text, after: undefined })} /></div>
    ${error ? html`<${Failure} error=${error} />` : null}
    ${data?.data.length === 0 ? html`<${Empty}>${search ? 'No tenant matches. Search for another name.' : 'There are no tenants yet. A tenant is made with its first key.'}<//>` : null}
    ${data && data.data.length > 0 ? html`<${Table} caption="Tenants" columns=${columns} rows=${data.data} keyOf=${(one: Tenant) => one.tenant} />` : null}
    <${Pager} after=${after} next=${data?.next} go=${(next: string | undefined) => setParams({ after: next })} />
  <//>`;
}

interface Entry {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly tenant: string | null;
  readonly subject: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Who changed what. */
export function Audit({ place }: { place: Place }): VNode {
  const [after, zone] = [place.params.get('after') ?? undefined, place.params.get('zone') ?? 'UTC'];
  const { data, error } = useData<Page<Entry>>(`/audit${queryOf({ after, limit: 50 })}`, 'switch');
  return html`<${Section} title="Audit trail, the newest first">
    ${error ? html`<${Failure} error=${error} />` : null}
    ${data?.data.length === 0 ? html`<${Empty}>Nothing was changed yet. Every change of keys, limits and the switch is listed here with its author.<//>` : null}
    ${
      data && data.data.length > 0
        ? html`<${Table} caption="Audit trail" rows=${data.data} keyOf=${(one: Entry) => one.id} columns=${[
            { name: `At (${zone})`, of: (one: Entry) => time(one.at, zone) },
            { name: 'By', of: (one: Entry) => one.actor },
            { name: 'Action', of: (one: Entry) => one.action },
            { name: 'Tenant', of: (one: Entry) => one.tenant ?? '–' },
            { name: 'Subject', of: (one: Entry) => one.subject },
            {
              name: 'Facts',
              of: (one: Entry) => html`<code class="facts">${JSON.stringify(one.facts)}</code>`,
            },
          ]} />`
        : null
    }
    <${Pager} after=${after} next=${data?.next} go=${(next: string | undefined) => setParams({ after: next })} />
  <//>`;
}
