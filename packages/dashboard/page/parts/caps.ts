import type { VNode } from 'preact';
import { type Cap, change } from '../api.js';
import { duration, inUnit, percent, time } from '../format.js';
import { html } from '../html.js';
import { changed } from '../state.js';
import { DialogButton, FormDialog } from './basics.js';

/** Whose cap it is, in words. */
export function subjectOf({
  tenant,
  team,
  user,
  key,
}: Pick<Cap, 'tenant' | 'team' | 'user' | 'key'>): string {
  const narrow = [team && `team ${team}`, user && `user ${user}`, key && `key ${key}`].filter(Boolean);
  return [tenant, ...narrow].join(' · ');
}

/** `80 % used, 5 % held, used up on …`. */
export function fateOf(cap: Cap, zone: string): string {
  if (cap.share >= 1) return `Used up. Resets on ${time(cap.resets_at, zone)} ${zone}`;
  if (cap.used_up_at === null) return `Resets on ${time(cap.resets_at, zone)} ${zone}`;
  const within = cap.used_up_within_ms === null ? '' : ` ± ${duration(cap.used_up_within_ms)}`;
  return `Used up on ${time(cap.used_up_at, zone)} ${zone}${within}`;
}

/** Used, unresolved and held amounts as parts of the cap. Lengths are attributes of SVG: no inline style is needed. */
export function CapBar({ cap }: { cap: Cap }): VNode {
  const whole = Math.max(Number(cap.cap), 1e-9);
  const share = (amount: string | number | null): number =>
    Math.min(1, Math.max(0, Number(amount ?? 0) / whole));
  const used = share(cap.used);
  const unresolved = Math.min(used, share(cap.unresolved));
  const held = Math.min(1 - used, share(cap.held));
  const text = `${inUnit(cap.used, cap.unit)} of ${inUnit(cap.cap, cap.unit)} used (${percent(cap.share)}), ${
    cap.held === null ? 'held unknown' : `${inUnit(cap.held, cap.unit)} held`
  }, ${cap.unresolved === null ? 'unresolved unknown' : `${inUnit(cap.unresolved, cap.unit)} unresolved`}`;
  return html`<svg class=${`bar${cap.share >= 1 ? ' full' : cap.share >= 0.8 ? ' near' : ''}`} viewBox="0 0 100 10"
    preserveAspectRatio="none" role="img" aria-label=${text}>
    <title>${text}</title>
    <rect class="bar-cap" width="100" height="10" />
    <rect class="bar-used" width=${used * 100} height="10" />
    <rect class="bar-open" x=${(used - unresolved) * 100} width=${unresolved * 100} height="10" />
    <rect class="bar-held" x=${used * 100} width=${held * 100} height="10" />
  </svg>`;
}

const kinds: Readonly<Record<string, string>> = {
  usd: 'spend',
  tokens: 'tokens',
  inputTokens: 'inputTokens',
  outputTokens: 'outputTokens',
};

/** Sets another limit in place of this one while the app runs. */
export function LimitButton({ cap }: { cap: Cap }): VNode {
  const period = cap.limit.split('-')[1] ?? 'month';
  const [narrow] = (['key', 'user', 'team'] as const).filter((part) => cap[part] !== null);
  const submit = async ({ limit = '' }: Record<string, string>): Promise<string> => {
    const subject = {
      tenant: cap.tenant,
      ...(narrow === 'key' && { key_id: cap.key }),
      ...(narrow === 'user' && { user: cap.user }),
      ...(narrow === 'team' && { team: cap.team }),
    };
    const { pending } = await change('/overrides', { ...subject, kind: kinds[cap.unit] ?? 'spend', limit });
    changed('usage');
    return pending
      ? `Stored: ${limit} for ${subjectOf(cap)}. No running process has confirmed it yet.`
      : `${limit} is in force for ${subjectOf(cap)}.`;
  };
  return html`<${DialogButton} label="Change" about=${`${cap.limit} of ${subjectOf(cap)}`} dialog=${(
    close: () => void,
  ) =>
    html`<${FormDialog} title=${`Limit ${cap.limit} of ${subjectOf(cap)}`} action="Set limit" close=${close}
      text="The new limit takes the place of the present one at once, in every process."
      fields=${[
        {
          name: 'limit',
          label: 'Limit',
          value: cap.unit === 'usd' ? `$${cap.cap}/${period}` : `${cap.cap}/${period}`,
          hint: 'An amount and a period, such as $500/month or 2M/day',
        },
      ]} submit=${submit} />`} />`;
}
