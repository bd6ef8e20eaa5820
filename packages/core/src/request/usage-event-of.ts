import type { CallEnd, SettledCall, Settlement } from '../call/call.js';
import { unresolvedUsd } from '../call/unresolved.js';
import { noUsage } from '../call/usage.js';
import type { EventCharge, UsageEvent } from '../call/usage-event.js';
import { storeTime } from '../lib/store-time.js';
import type { TollgateContext } from './context.js';

/** Inputs of {@link usageEventOf} beside the call itself. */
export interface EventFacts {
  readonly settlement: Settlement;
  readonly end: Pick<CallEnd, 'outcome' | 'status'>;
  readonly charges: readonly EventCharge[];
  /** Ms since the epoch. */
  readonly nowMs: number;
  /** The model that the figures are for. @defaultValue the one that the call is made with */
  readonly model?: string | undefined;
}

/** Several events share a millisecond, and formatting a date costs as much as the rest of one: the latest are cached. */
const latest = Array.from({ length: 16 }, () => ({ ms: Number.NaN, text: '' }));

function isoTime(ms: number): string {
  const known = latest[ms & 15] as (typeof latest)[number];
  if (known.ms !== ms) {
    known.text = new Date(ms).toISOString();
    known.ms = ms;
  }
  return known.text;
}

/** The usage event of one attempt: also the skeleton that a lease keeps, with the figures known so far. */
export function usageEventOf(context: TollgateContext, call: SettledCall, facts: EventFacts): UsageEvent {
  const { caller } = context;
  const { settlement, end, charges, nowMs } = facts;
  const usage = settlement.usage ?? noUsage;
  const requestedModel = call.outgoing.requestedModel ?? call.parsed?.requestedModel ?? '';
  return {
    eventId: call.attemptId,
    kind: 'usage',
    requestId: context.requestId,
    callId: call.id,
    attempt: call.attempt,
    admittedAt: isoTime(call.admittedAtMs ?? storeTime(call.startedAtMs)),
    time: isoTime(storeTime(nowMs)),
    tenant: caller?.tenant ?? '',
    team: caller?.team,
    user: caller?.user,
    keyId: caller?.keyId,
    plan: caller?.plan ?? '',
    route: context.route,
    labels: call.labels ? { ...call.labels, ...context.labels } : context.labels,
    provider: call.parsed?.provider ?? call.outgoing.provider ?? '',
    requestedModel,
    model: facts.model ?? call.parsed?.model ?? requestedModel,
    inputTokens: usage.inputTokens,
    cachedInputTokens: usage.cachedInputTokens,
    cacheWriteTokens: usage.cacheWriteTokens,
    outputTokens: usage.outputTokens,
    reasoningTokens: usage.reasoningTokens,
    cacheWrite1hTokens: usage.cacheWrite1hTokens || undefined,
    inputAudioTokens: usage.inputAudioTokens || undefined,
    outputAudioTokens: usage.outputAudioTokens || undefined,
    toolRequests: hasAny(usage.toolRequests) ? usage.toolRequests : undefined,
    promptHash: call.promptHash,
    tier: usage.tier,
    costNanoUsd: String(settlement.costNanoUsd),
    unresolvedNanoUsd: unresolvedNanoUsd(settlement, charges),
    priceVersion: settlement.priceVersion,
    source: usage.source,
    uncertain: settlement.uncertain,
    overrun: call.overrun ?? false,
    charges,
    status: end.status,
    outcome: end.outcome,
    stream: call.parsed?.stream ?? false,
    latencyMs: Math.max(0, nowMs - call.startedAtMs),
    timeToFirstTokenMs:
      call.firstOutputAtMs === undefined ? undefined : Math.max(0, call.firstOutputAtMs - call.startedAtMs),
  };
}

/** The charge of the money counters beyond the estimate; without such a counter, the attempt's possible cost beyond it. */
function unresolvedNanoUsd({ ceiling, costNanoUsd }: Settlement, charges: readonly EventCharge[]): string {
  if (!ceiling) return '0';
  return String(unresolvedUsd(charges) ?? ceiling.costNanoUsd - costNanoUsd);
}

function hasAny(uses: Readonly<Record<string, number>>): boolean {
  for (const _name in uses) return true;
  return false;
}
