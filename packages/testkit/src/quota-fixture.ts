import type { QuotaStore, UsageEvent } from '@tollgate/core';
import {
  type CalendarWindow,
  type ChargeItem,
  type ChargeRequest,
  type ChargeResult,
  newId,
  type QuotaCharge,
  type QuotaCounter,
  type QuotaGrant,
  type ReserveRequest,
  type ReserveResult,
  type TokenBucket,
} from '@tollgate/core/internal';

/** A store under test and its clock, which need not be ours: a store may keep its own time. */
export interface QuotaUnderTest {
  readonly store: QuotaStore;
  /** The store's clock, ms since the epoch. */
  now(): number;
  /** Lets the store's time pass. */
  advance(ms: number): Promise<void> | void;
  /** The usage events that the store has delivered, in any order; waits until all due events are delivered. */
  events(): Promise<readonly UsageEvent[]>;
}

/** A calendar window in UTC. */
export const calendar = (period: CalendarWindow['period']): CalendarWindow => ({
  kind: 'calendar',
  period,
  timeZone: 'UTC',
  anchorDay: 1,
});

/** A counter of this many units a day, unless another window is given. */
export function quotaCounter(
  counter: string,
  limit: number,
  more: Partial<Omit<QuotaCounter, 'counter' | 'limit'>> = {},
): QuotaCounter {
  return { counter, limit, unit: 'usd', window: calendar('day'), wide: false, soft: false, ...more };
}

/** A counter of a token bucket; its cap is the burst. */
export function bucketCounter(counter: string, bucket: Omit<TokenBucket, 'kind'>): QuotaCounter {
  return quotaCounter(counter, bucket.burst, { unit: 'tokens', window: { kind: 'bucket', ...bucket } });
}

/** A counter of live leases. */
export function liveCounter(counter: string, limit: number): QuotaCounter {
  return quotaCounter(counter, limit, { unit: 'concurrent', window: { kind: 'live' } });
}

/** A usage event with plausible figures. */
export function usageEvent(more: Partial<UsageEvent> = {}): UsageEvent {
  return {
    eventId: newId(),
    kind: 'usage',
    requestId: 'request',
    callId: 'call',
    attempt: 1,
    admittedAt: '2026-11-21T12:00:00.000Z',
    time: '2026-11-21T12:00:01.000Z',
    tenant: 'tenant',
    plan: 'pro',
    labels: {},
    provider: 'openai',
    requestedModel: 'gpt-5',
    model: 'gpt-5',
    inputTokens: 100,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 50,
    reasoningTokens: 0,
    costNanoUsd: '1000',
    priceVersion: 'test',
    source: 'provider',
    uncertain: false,
    overrun: false,
    charges: [],
    status: 200,
    outcome: 'ok',
    stream: false,
    latencyMs: 1000,
    ...more,
  };
}

let tenants = 0;

/** One tenant's operations on a store, so that tests read as the story of one caller. */
export class QuotaTenant {
  readonly name: string;
  readonly #store: QuotaStore;

  constructor(store: QuotaStore) {
    tenants += 1;
    this.name = `tenant-${tenants}-${newId()}`;
    this.#store = store;
  }

  /** A counter's key, unlike any other tenant's. */
  key(name: string): string {
    return `${name}/tenant=${this.name}`;
  }

  async reserve(charges: readonly QuotaCharge[], more: Partial<ReserveRequest> = {}): Promise<ReserveResult> {
    return this.#store.reserve({
      id: newId(),
      partition: this.name,
      alternatives: [{ charges }],
      leaseMs: 60_000,
      ...more,
    });
  }

  async cover(
    id: string,
    attemptId: string,
    charges: readonly QuotaCharge[],
    event?: UsageEvent,
  ): Promise<ReserveResult> {
    return this.#store.cover({ id, partition: this.name, attemptId, alternatives: [{ charges, event }] });
  }

  extend(id: string, charges: readonly QuotaCharge[]): Promise<ReserveResult> {
    return this.#store.extend({ id, partition: this.name, charges });
  }

  async charge(
    id: string,
    items: readonly ChargeItem[],
    more: Partial<ChargeRequest> = {},
  ): Promise<ChargeResult> {
    const attemptId = more.attemptId ?? newId();
    return this.#store.charge({
      id,
      partition: this.name,
      attemptId,
      items,
      event: usageEvent({ eventId: attemptId }),
      close: false,
      ...more,
    });
  }

  renew(id: string, running: Parameters<QuotaStore['renew']>[0]['running'] = []): Promise<boolean> {
    return this.#store.renew({ id, partition: this.name, running });
  }

  async close(id: string): Promise<void> {
    await this.#store.close({ id, partition: this.name });
  }

  /** `used` and `held` of a counter. */
  async standing(counter: QuotaCounter): Promise<{ used: number; held: number }> {
    const [state] = await this.#store.read(this.name, [counter]);
    if (!state) throw new Error(`no state of ${counter.counter}`);
    return { used: state.used, held: state.held };
  }
}

/** A charge item for a grant. */
export function itemFor(
  counter: QuotaCounter,
  grant: QuotaGrant | undefined,
  amount: number,
  release = grant?.granted ?? 0,
): ChargeItem {
  return { ...counter, windowId: grant?.window ?? '', amount, release };
}

/** The grants of an admitted reservation; fails the test for a refused one. */
export function admitted(result: ReserveResult): Extract<ReserveResult, { ok: true }> {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.refusal)}`);
  return result;
}

/** The refusal of a refused reservation; fails the test for an admitted one. */
export function refusal(result: ReserveResult): Extract<ReserveResult, { ok: false }>['refusal'] {
  if (result.ok) throw new Error(`admitted: ${JSON.stringify(result.grants)}`);
  return result.refusal;
}
