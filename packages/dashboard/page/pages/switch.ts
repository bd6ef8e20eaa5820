import type { VNode } from 'preact';
import { change, type SwitchEntry } from '../api.js';
import { time } from '../format.js';
import { html } from '../html.js';
import { DialogButton, Empty, Failure, FormDialog, Section, Table } from '../parts/basics.js';
import { useRole } from '../parts/shell.js';
import { changed, type Place, useData } from '../state.js';

interface Switched {
  readonly confirmed_by: readonly string[];
  readonly audited: boolean;
}

const kinds = ['key', 'user', 'team', 'tenant', 'model', 'provider', 'everything'];

/** What is switched off, with reason; switching off and on again. */
export function SwitchPage({ place }: { place: Place }): VNode {
  const zone = place.params.get('zone') ?? 'UTC';
  const mayChange = useRole('operator');
  const { data, error } = useData<{ data: readonly SwitchEntry[] }>('/switch', 'switch');
  const columns = [
    { name: 'What', of: (one: SwitchEntry) => (one.name ? `${one.kind} ${one.name}` : one.kind) },
    { name: 'Reason', of: (one: SwitchEntry) => one.reason },
    { name: 'By', of: (one: SwitchEntry) => one.by },
    { name: `Since (${zone})`, of: (one: SwitchEntry) => time(one.since, zone) },
    {
      name: `Until (${zone})`,
      of: (one: SwitchEntry) => (one.until ? time(one.until, zone) : 'switched on again'),
    },
    { name: 'Running requests', of: (one: SwitchEntry) => (one.cuts_running ? 'are ended' : 'finish') },
    ...(mayChange ? [{ name: 'Actions', of: (one: SwitchEntry) => html`<${OnButton} entry=${one} />` }] : []),
  ];
  return html`<${Section} title="Switched off" actions=${mayChange ? html`<${OffButton} />` : null}>
    ${error ? html`<${Failure} error=${error} />` : null}
    ${
      data?.data.length === 0
        ? html`<${Empty}>Nothing is switched off.${mayChange ? ' In an emergency, “Switch off” refuses a key, tenant, model or everything, in every process.' : ''}<//>`
        : null
    }
    ${
      data && data.data.length > 0
        ? html`<${Table} caption="Switched off" columns=${columns} rows=${data.data} keyOf=${(one: SwitchEntry) => one.kind + one.name} />`
        : null
    }
  <//>`;
}

/** What is known of the effect, and no more. */
function said(what: string, { confirmed_by: names, audited }: Switched): string {
  const effect =
    names.length > 0
      ? `${what}, confirmed by ${names.join(', ')}.`
      : `${what} is stored. No process has confirmed yet that it applies it.`;
  return audited ? effect : `${effect} The audit trail could not be written.`;
}

export function OffButton({ kind, name }: { kind?: string; name?: string }): VNode {
  const submit = async (values: Record<string, string>): Promise<string> => {
    const { kind: of = 'key', name: whose = '', reason = '', minutes = '', cuts_running: cuts } = values;
    const body = {
      ...{ kind: kind ?? of, name: name ?? whose, reason, cuts_running: cuts === 'true' },
      ...(minutes !== '' && { minutes: Number(minutes) }),
    };
    const done = await change<Switched>('/switch/off', body);
    changed('switch');
    return said('Off', done);
  };
  const what = name === undefined ? '' : `${kind} ${name}`;
  return html`<${DialogButton} label="Switch off" isDanger=${true} about=${what} dialog=${(
    close: () => void,
  ) =>
    html`<${FormDialog} title=${`Switch off ${what}`} action="Switch off" isDanger=${true} close=${close} submit=${submit}
      text="Requests are refused with 403 from now on, in every process."
      fields=${[
        ...(name === undefined
          ? [
              { name: 'kind', label: 'What', kind: 'select', options: kinds },
              {
                name: 'name',
                label: 'Name',
                isOptional: true,
                hint: 'A public key id, a tenant, model or provider; tenant/name for a team or user; empty for everything',
              },
            ]
          : []),
        { name: 'reason', label: 'Reason' },
        { name: 'minutes', label: 'Minutes until it is switched on again', kind: 'number', isOptional: true },
        { name: 'cuts_running', label: 'End running requests, too', kind: 'checkbox', isOptional: true },
      ]} />`} />`;
}

function OnButton({ entry: { kind, name } }: { entry: SwitchEntry }): VNode {
  const submit = async (): Promise<string> => {
    const done = await change<Switched>('/switch/on', { kind, name });
    changed('switch');
    return said('On', done);
  };
  const what = name ? `${kind} ${name}` : kind;
  return html`<${DialogButton} label="Switch on" about=${what} dialog=${(close: () => void) =>
    html`<${FormDialog} title=${`Switch on ${what}`} action="Switch on" close=${close} submit=${submit} fields=${[]}
      text="Requests are admitted again, in every process." />`} />`;
}
