import type { VNode } from 'preact';
import { change, type Incident, type Page, queryOf } from '../api.js';
import { time } from '../format.js';
import { html } from '../html.js';
import { DialogButton, Empty, Failure, FormDialog, Pager, Section } from '../parts/basics.js';
import { useRole } from '../parts/shell.js';
import { changed, type Place, setParams, useData } from '../state.js';

/** Actions of watch() on a timeline, each with its reason; confirming and undoing them. */
export function Incidents({ place }: { place: Place }): VNode {
  const after = place.params.get('after') ?? undefined;
  const zone = place.params.get('zone') ?? 'UTC';
  const { data, error } = useData<Page<Incident>>(`/incidents${queryOf({ after, limit: 25 })}`, 'incidents');
  return html`<${Section} title="Actions of watch(), the latest first">
    ${error ? html`<${Failure} error=${error} />` : null}
    ${
      data?.data.length === 0
        ? html`<${Empty}>No action holds or waits for a person. With tollgate({ watch }) they are listed here.<//>`
        : html`<ol class="timeline">${data?.data.map(
            (one) => html`<li key=${one.id}>
            <p><time datetime=${one.at}>${time(one.at, zone)} ${zone}</time> until <time datetime=${one.until}>${time(one.until, zone)}</time></p>
            <p><strong>${one.action}</strong> of <code>${one.target}</code>${one.tenant ? ` (tenant ${one.tenant})` : ''}: ${
              one.decided ? `${one.decided} by ${one.decided_by}` : one.outcome
            }</p>
            <p>${one.reason}</p>
            <${Decisions} incident=${one} />
          </li>`,
          )}</ol>`
    }
    <${Pager} after=${after} next=${data?.next} go=${(next: string | undefined) => setParams({ after: next })} />
  <//>`;
}

function Decisions({ incident }: { incident: Incident }): VNode | null {
  const mayDecide = useRole('operator');
  if (!mayDecide || incident.decided) return null;
  const about = `${incident.action} of ${incident.target}`;
  const decide = (label: string, what: string, text: string): VNode =>
    html`<${DialogButton} label=${label} about=${about} dialog=${(close: () => void) =>
      html`<${FormDialog} title=${`${label}: ${about}`} action=${label} close=${close} text=${text} fields=${[]} submit=${async () => {
        await change(`/incidents/${incident.id}/${what}`);
        changed('incidents');
        return `Process ${incident.process} has carried it out.`;
      }} />`} />`;
  return html`<p class="actions">${
    incident.outcome === 'withheld'
      ? decide('Confirm', 'confirm', 'The action that waits is carried out.')
      : null
  }${decide('Undo', 'undo', 'The caller is no longer affected.')}</p>`;
}
