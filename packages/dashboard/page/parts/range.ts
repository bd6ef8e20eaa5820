import type { VNode } from 'preact';
import { useId } from 'preact/hooks';
import { html } from '../html.js';
import { type Place, setParams } from '../state.js';

const dayMs = 86_400_000;

/** A period and the zone that its days are of. */
export interface Range {
  readonly from: string;
  readonly to: string;
  readonly time_zone: string;
}

const days: Readonly<Record<string, number>> = { '24h': 1, '7d': 7, '30d': 30, '90d': 90 };
const names: Readonly<Record<string, string>> = {
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
  '90d': 'Last 90 days',
  month: 'This month (UTC)',
};

export const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The period that the address names; whole minutes, so that one question is asked for a while. */
export function rangeOf({ params }: Place): Range {
  const nowMs = Math.ceil(Date.now() / 60_000) * 60_000;
  const name = params.get('range') ?? '30d';
  const now = new Date(nowMs);
  const month = Date.UTC(now.getUTCFullYear(), now.getUTCMonth());
  const fromMs = name === 'month' ? month : nowMs - (days[name] ?? 30) * dayMs;
  return {
    from: new Date(Math.min(fromMs, nowMs - 60_000)).toISOString(),
    to: now.toISOString(),
    time_zone: params.get('zone') ?? 'UTC',
  };
}

/** Chooses period and time zone: a figure without its zone is off by a day somewhere. */
export function RangePicker({ place }: { place: Place }): VNode {
  const [range, zone] = [useId(), useId()];
  const zones = [...new Set(['UTC', ownZone, place.params.get('zone') ?? 'UTC'])];
  const chosen = (event: Event): string => (event.currentTarget as HTMLSelectElement).value;
  return html`<div class="fields">
    <span class="field"><label for=${range}>Period</label>
      <select id=${range} onChange=${(event: Event) => setParams({ range: chosen(event) })}>${Object.entries(
        names,
      ).map(
        ([value, text]) =>
          html`<option value=${value} selected=${value === (place.params.get('range') ?? '30d')}>${text}</option>`,
      )}</select></span>
    <span class="field"><label for=${zone}>Time zone</label>
      <select id=${zone} onChange=${(event: Event) => setParams({ zone: chosen(event) })}>${zones.map(
        (one) =>
          html`<option value=${one} selected=${one === (place.params.get('zone') ?? 'UTC')}>${one}</option>`,
      )}</select></span>
  </div>`;
}
