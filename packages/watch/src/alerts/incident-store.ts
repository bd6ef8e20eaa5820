import type { AlertStore, AlertWork } from '@tollgate/core/internal';
import type { AlertDestination, AlertNotice } from './destination.js';
import { advance, type Incident, type IncidentChange, type KeptIncident, rank } from './incident.js';

/** A task in the store: a notification for one destination, or a check whether an incident has ended by itself. */
export type Work =
  | { readonly what: 'tell'; readonly to: string; readonly notice: AlertNotice }
  | { readonly what: 'look'; readonly key: string; readonly incident: string };

const hourMs = 3_600_000;
/** An incident that is never resolved is deleted after this long, a resolved one after a day. In ms. */
const openKeptMs = 40 * 24 * hourMs;
const resolvedKeptMs = 24 * hourMs;
/** Writes of other processes may conflict; one of them always succeeds. */
const mostTries = 50;

/** Incidents in a store: every change is written together with its notifications. */
export class IncidentStore {
  constructor(
    private readonly store: AlertStore,
    private readonly destinations: readonly AlertDestination[],
  ) {}

  /** The effect of a change on an incident. Rejects where the store is away. `full`: too many notifications wait. */
  async record(key: string, change: IncidentChange): Promise<'written' | 'nothing new' | 'full'> {
    for (let tries = 0; tries < mostTries; tries += 1) {
      const before = await this.store.read(key);
      const known = before === undefined ? undefined : (JSON.parse(before) as KeptIncident);
      const advanced = advance(known, change);
      if (!advanced) return 'nothing new';
      const { incident } = advanced;
      const work = advanced.event ? this.#workOf(incident) : [];
      const keepMs = incident.state === 'resolved' ? resolvedKeptMs : openKeptMs;
      const result = await this.store.replace(key, before, JSON.stringify(incident), keepMs, work);
      if (result !== 'changed') return result;
    }
    throw new Error('others always came first');
  }

  async find(key: string): Promise<KeptIncident | undefined> {
    const text = await this.store.read(key);
    return text === undefined ? undefined : (JSON.parse(text) as KeptIncident);
  }

  #workOf(incident: KeptIncident): AlertWork[] {
    const notice = noticeOf(incident);
    const work = this.destinations
      .filter(({ atLeast = 'info' }) => rank(incident.severity) >= rank(atLeast))
      .map(({ name }) => ({
        id: workId(incident, incident.sequence, name),
        text: textOf({ what: 'tell', to: name, notice }),
        delayMs: 0,
        after: workId(incident, incident.sequence - 1, name),
      }));
    const delayMs = endsIn(incident, incident.openedAtMs);
    if (notice.event !== 'opened' || delayMs === undefined) return work;
    const look = textOf({ what: 'look', key: incident.key, incident: incident.id });
    return [...work, { id: `${incident.id} look`, text: look, delayMs: Math.max(delayMs, 0) }];
  }
}

/** In how many ms an incident ends by itself, as far as is known now. */
export function endsIn({ endsAtMs, quietMs, seenAtMs }: KeptIncident, nowMs: number): number | undefined {
  if (endsAtMs !== undefined) return endsAtMs - nowMs;
  return quietMs === undefined ? undefined : seenAtMs + quietMs - nowMs;
}

const textOf = (work: Work): string => JSON.stringify(work);

const workId = ({ id }: Incident, sequence: number, to: string): string => `${id}.${sequence} ${to}`;

function noticeOf({ steps, seenAtMs, endsAtMs, quietMs, ...incident }: KeptIncident): AlertNotice {
  const event = incident.timeline.at(-1)?.event ?? 'updated';
  return { id: `${incident.id}.${incident.sequence}`, event, incident };
}
