import type { ComponentChildren, VNode } from 'preact';
import { change, type Key, type Page, queryOf } from '../api.js';
import { time } from '../format.js';
import { html } from '../html.js';
import { DialogButton, Empty, Failure, FormDialog, Pager, Search, Section, Table } from '../parts/basics.js';
import { useRole } from '../parts/shell.js';
import { changed, type Place, setParams, useData } from '../state.js';
import { OffButton } from './switch.js';

interface Plans {
  readonly data: readonly { readonly name: string }[];
}

interface Issued {
  readonly key: Key;
  readonly secret: string;
}

/** Keys of all tenants, with search; making, rotating, limiting and ending them. */
export function Keys({ place }: { place: Place }): VNode {
  const { params } = place;
  const [search, after, zone] = [
    params.get('search') ?? '',
    params.get('after') ?? undefined,
    params.get('zone') ?? 'UTC',
  ];
  const mayChange = useRole('operator');
  const { data, error, reload } = useData<Page<Key>>(`/keys${queryOf({ search, after, limit: 25 })}`);
  const plans = useData<Plans>('/plans');
  const columns = [
    { name: 'Key id', of: (key: Key) => html`<code>${key.key_id}</code>` },
    { name: 'Name', of: (key: Key) => key.name ?? '–' },
    { name: 'Tenant', of: (key: Key) => key.tenant },
    { name: 'Team', of: (key: Key) => key.team ?? '–' },
    { name: 'User', of: (key: Key) => key.user ?? '–' },
    { name: 'Plan', of: (key: Key) => key.plan },
    { name: 'Status', of: (key: Key) => html`<span class=${`status ${key.status}`}>${key.status}</span>` },
    { name: `Made (${zone})`, of: (key: Key) => time(key.created_at, zone) },
    { name: 'Expires', of: (key: Key) => (key.expires_at ? time(key.expires_at, zone) : 'never') },
    ...(mayChange
      ? [{ name: 'Actions', of: (key: Key) => html`<${Actions} keyed=${key} reload=${reload} />` }]
      : []),
  ];
  return html`<${Section} title="Keys" actions=${mayChange ? html`<${CreateButton} plans=${plans.data} reload=${reload} />` : null}>
    <div class="fields"><${Search} label="Key id, name, tenant, team or user" value=${search}
      search=${(text: string) => setParams({ search: text, after: undefined })} /></div>
    ${error ? html`<${Failure} error=${error} />` : null}
    ${
      data?.data.length === 0
        ? html`<${Empty}>${search ? 'No key matches. Search for another name.' : mayChange ? 'There are no keys yet. Make the first with “New key”.' : 'There are no keys yet.'}<//>`
        : null
    }
    ${
      data && data.data.length > 0
        ? html`<${Table} caption="Keys" columns=${columns} rows=${data.data} keyOf=${(key: Key) => key.key_id} />`
        : null
    }
    <${Pager} after=${after} next=${data?.next} go=${(next: string | undefined) => setParams({ after: next })} />
  <//>`;
}

const shownOnce = ({ key, secret }: Issued): VNode =>
  html`<p>This is the only time that the secret of <code>${key.key_id}</code> is shown:</p><p class="secret"><code>${secret}</code></p>`;

function CreateButton({ plans, reload }: { plans: Plans | undefined; reload: () => void }): VNode {
  const submit = async ({
    tenant = '',
    plan = '',
    team,
    user,
    name,
    scopes,
  }: Record<string, string>): Promise<ComponentChildren> => {
    const optional = Object.fromEntries(Object.entries({ team, user, name }).filter(([, value]) => value));
    const wanted = (scopes ?? '').split(/[\s,]+/).filter(Boolean);
    const issued = await change<Issued>('/keys', {
      tenant,
      plan,
      ...optional,
      ...(wanted.length > 0 && { scopes: wanted }),
    });
    reload();
    return shownOnce(issued);
  };
  return html`<${DialogButton} label="New key" dialog=${(close: () => void) =>
    html`<${FormDialog} title="New key" action="Make key" close=${close} submit=${submit} fields=${[
      { name: 'tenant', label: 'Tenant' },
      { name: 'plan', label: 'Plan', kind: 'select', options: plans?.data.map(({ name }) => name) ?? [] },
      { name: 'team', label: 'Team', isOptional: true },
      { name: 'user', label: 'User', isOptional: true },
      { name: 'name', label: 'Name', isOptional: true },
      { name: 'scopes', label: 'Scopes, separated by commas', isOptional: true },
    ]} />`} />`;
}

function Actions({ keyed, reload }: { keyed: Key; reload: () => void }): VNode {
  const { key_id: id, tenant, status } = keyed;
  const act = async (action: string): Promise<string> => {
    const { pending } = await change(`/keys/${encodeURIComponent(id)}/${action}`);
    reload();
    return pending
      ? 'It is stored. No running process has confirmed it yet.'
      : 'Done, and confirmed by a running process.';
  };
  const rotate = async (): Promise<ComponentChildren> => {
    const issued = await change<Issued>(`/keys/${encodeURIComponent(id)}/rotate`, {});
    reload();
    return shownOnce(issued);
  };
  const limit = async ({ limit: text = '' }: Record<string, string>): Promise<string> => {
    const { pending } = await change('/overrides', { tenant, key_id: id, kind: 'spend', limit: text });
    changed('usage');
    return pending
      ? 'It is stored. No running process has confirmed it yet.'
      : `${text} is in force for this key.`;
  };
  const asked = (label: string, action: string, text: string, isDanger = false): VNode =>
    html`<${DialogButton} label=${label} isDanger=${isDanger} about=${`key ${id}`} dialog=${(
      close: () => void,
    ) =>
      html`<${FormDialog} title=${`${label} key ${id}`} action=${label} isDanger=${isDanger} close=${close} text=${text} fields=${[]}
        submit=${() => act(action)} />`} />`;
  if (status === 'revoked') return html`<span>–</span>`;
  return html`<span class="actions">
    <${DialogButton} label="Limit" about=${`key ${id}`} dialog=${(close: () => void) =>
      html`<${FormDialog} title=${`Limit of key ${id}`} action="Set limit" close=${close} submit=${limit}
        text="It takes the place of the plan's limit of the same period, or counts beside it."
        fields=${[{ name: 'limit', label: 'Spend', value: '$5/day', hint: 'An amount and a period, such as $0.50/day' }]} />`} />
    <${DialogButton} label="Rotate" about=${`key ${id}`} dialog=${(close: () => void) =>
      html`<${FormDialog} title=${`Rotate key ${id}`} action="Rotate" close=${close} submit=${rotate} fields=${[]}
        text="The key gets a new secret; the one before it is accepted for 24 hours." />`} />
    ${
      status === 'disabled'
        ? asked('Enable', 'enable', 'The key is accepted again.')
        : asked('Disable', 'disable', 'The key is refused until it is enabled again.')
    }
    ${asked('Revoke', 'revoke', 'The key is refused for good. This cannot be undone.', true)}
    <${OffButton} kind="key" name=${id} />
  </span>`;
}
