import { type Caller, counterOf, type Limit, type Plan, type UsageEvent } from '@tollgate/core';
import {
  modelAllowed,
  type QuotaCharge,
  QuotaEngine,
  type RequestRate,
  type ReserveResult,
  type Unit,
} from '@tollgate/core/internal';
import type { Pricing } from './pricing.js';
import type { RecordedUsage } from './recorded-usage.js';
import { type ReplayedWay, replayedWays } from './ways.js';

/** The outcome of an attempt in a simulation. */
export interface Verdict {
  /** The first attempt of its request. */
  readonly isFirst: boolean;
  /** The name of the limit that refuses it, or `model_not_allowed`. */
  readonly refusedBy?: string;
  /** Its request had been refused before. */
  readonly isRepeated?: boolean;
  readonly isDegraded?: boolean;
  /** 0 where it is refused. */
  readonly costNanoUsd: bigint;
}

interface Running {
  readonly endsMs: number;
  readonly settle: () => void;
}

/** Requests whose fate is remembered for their later attempts. */
const rememberedRequests = 100_000;
const longestLeaseMs = 3_600_000;

/**
 * The quota engine, fed with recorded attempts in the order of their admission: each reserves its recorded usage, and is settled at its
 * recorded end. Attempts that follow a refusal in the same request are refused with it.
 */
export class Replay {
  readonly #engine = new QuotaEngine([], undefined, undefined, true);
  readonly #price: Pricing | undefined;
  readonly #requests = new Map<string, string | undefined>();
  /** By the time they end. */
  readonly #running: Running[] = [];

  constructor(price: Pricing | undefined) {
    this.#price = price;
  }

  admit(recorded: RecordedUsage, plan: Plan): Verdict {
    this.#settleUntil(recorded.admittedMs);
    const isFirst = !this.#requests.has(recorded.requestId);
    const refusedBy = this.#requests.get(recorded.requestId);
    if (refusedBy !== undefined) return { isFirst, refusedBy, isRepeated: true, costNanoUsd: 0n };
    const verdict = this.#decide(recorded, plan, isFirst);
    this.#remember(recorded.requestId, verdict.refusedBy);
    return verdict;
  }

  #decide(recorded: RecordedUsage, plan: Plan, isFirst: boolean): Verdict {
    if (!modelAllowed(plan.models, recorded.requestedModel)) {
      return { isFirst, refusedBy: 'model_not_allowed', costNanoUsd: 0n };
    }
    const limits = [...plan.limits, ...(isFirst ? plan.requests.map(bucketOf) : [])];
    const ways = replayedWays(recorded, plan, this.#price);
    const alternatives = ways.map((way) => ({ charges: chargesOf(limits, recorded, way) }));
    const { eventId: id, tenant: partition, admittedMs, settledMs } = recorded;
    const leaseMs = Math.min(longestLeaseMs, Math.max(1_000, settledMs - admittedMs + 1));
    const answer = this.#engine.reserve({ id, partition, alternatives, leaseMs, attemptId: id }, admittedMs);
    if (!answer.ok) {
      return { isFirst, refusedBy: nameOf(answer, limits, alternatives.at(-1)?.charges), costNanoUsd: 0n };
    }
    const { charges } = alternatives[answer.alternative] ?? { charges: [] };
    this.#settleAt(settledMs, () => {
      const items = charges.map((charge, index) => ({
        ...charge,
        windowId: answer.grants[index]?.window ?? '',
        amount: charge.unit === 'concurrent' ? 0 : charge.want,
        release: charge.want,
      }));
      const event = eventOf(recorded);
      this.#engine.charge({ id, partition, attemptId: id, items, event, close: true }, settledMs);
    });
    const costNanoUsd = BigInt(ways[answer.alternative]?.costNanoUsd ?? 0);
    return { isFirst, costNanoUsd, isDegraded: answer.alternative > 0 };
  }

  #settleUntil(nowMs: number): void {
    while ((this.#running[0]?.endsMs ?? Number.POSITIVE_INFINITY) <= nowMs) this.#running.shift()?.settle();
  }

  #settleAt(endsMs: number, settle: () => void): void {
    let [from, to] = [0, this.#running.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#running[middle]?.endsMs ?? 0) <= endsMs) from = middle + 1;
      else to = middle;
    }
    this.#running.splice(from, 0, { endsMs, settle });
  }

  #remember(requestId: string, refusedBy: string | undefined): void {
    this.#requests.set(requestId, refusedBy);
    if (this.#requests.size <= rememberedRequests) return;
    for (const oldest of this.#requests.keys()) {
      this.#requests.delete(oldest);
      break;
    }
  }
}

/** A rate of requests as a bucket, as `budget({ requests: true })` counts it. */
function bucketOf({ name, amount, windowMs, burst, scope }: RequestRate): Limit {
  const capacity = burst ?? amount;
  const window = { kind: 'bucket', rate: amount, periodMs: windowMs, burst: capacity } as const;
  return { name, unit: 'requests', amount: capacity, window, scope, soft: false };
}

function chargesOf(limits: readonly Limit[], recorded: RecordedUsage, way: ReplayedWay): QuotaCharge[] {
  const caller = callerOf(recorded);
  const subject = { caller, route: recorded.route ?? '', model: way.model };
  return limits.flatMap((limit) => {
    const want = wantOf(limit.unit, way);
    if (limit.unit === 'usd' && want === 0) return [];
    const movesLadder = limit.unit !== 'concurrent' && limit.unit !== 'requests' && !limit.soft;
    return [{ ...counterOf(limit, subject), want, onlyBelow: movesLadder ? way.onlyBelow : undefined }];
  });
}

function wantOf(unit: Unit, { usage, costNanoUsd }: ReplayedWay): number {
  if (unit === 'usd') return costNanoUsd;
  if (unit === 'tokens') return usage.inputTokens + usage.outputTokens;
  if (unit === 'inputTokens') return usage.inputTokens;
  return unit === 'outputTokens' ? usage.outputTokens : 1;
}

function callerOf({ tenant, team, user, key, plan }: RecordedUsage): Caller {
  return { id: key ?? user ?? tenant, keyId: key, tenant, team, user, plan, scopes: [], labels: {} };
}

/** The limit that a refusal is for. */
function nameOf(
  answer: ReserveResult & { ok: false },
  limits: readonly Limit[],
  charges: readonly QuotaCharge[] = [],
): string {
  const binding = charges[answer.refusal.charge ?? -1];
  const found = limits.find(({ unit, window }) => unit === binding?.unit && window === binding.window);
  return found?.name ?? answer.refusal.blockedBy;
}

/** The engine emits events, which a simulation discards. */
function eventOf(recorded: RecordedUsage): UsageEvent {
  const time = new Date(recorded.settledMs).toISOString();
  const { eventId, requestId, tenant, plan, provider, requestedModel, model, usage } = recorded;
  return {
    ...{
      eventId,
      kind: 'usage',
      requestId,
      callId: eventId,
      attempt: 1,
      admittedAt: time,
      time,
      tenant,
      plan,
    },
    ...{ labels: {}, provider, requestedModel, model, ...usage, costNanoUsd: String(recorded.costNanoUsd) },
    ...{ priceVersion: '', uncertain: false, overrun: false, charges: [], status: 200, outcome: 'ok' },
    ...{ stream: false, latencyMs: 0 },
  };
}
