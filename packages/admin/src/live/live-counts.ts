import { subscribe } from '@tollgate/core';

const hourMs = 3_600_000;
/** Hours that are kept. */
const keptHours = 24;
/** Different refusals of an hour; further ones count for no tenant. */
const mostOfHour = 5_000;
/** Latencies of a provider from which percentiles are computed. */
const keptLatencies = 512;
const mostProviders = 200;

/** Refusals of one kind in this process. */
export interface RefusalCount {
  readonly code: string;
  readonly status: number;
  readonly tenant: string | undefined;
  readonly count: number;
  /** The most that these requests might have cost, of those that were priced before they were refused. */
  readonly askedNanoUsd: number;
}

interface Counted extends Omit<RefusalCount, 'count' | 'askedNanoUsd'> {
  count: number;
  askedNanoUsd: number;
}

/** How a provider answers this process. */
export interface ProviderHealth {
  readonly provider: string;
  readonly attempts: number;
  /** Without an answer, and answers with a status of 429 or from 500. */
  readonly failed: number;
  /** Beyond the first attempt of a call. */
  readonly retries: number;
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  readonly firstByteP50Ms: number | undefined;
  readonly lastFailure:
    | { readonly atMs: number; readonly status: number; readonly code: string | undefined }
    | undefined;
}

/** A breaker that changed. */
export interface BreakerChange {
  readonly target: string;
  readonly state: string;
  readonly atMs: number;
}

/** Counts of this process that no store keeps: refusals by the hour, attempts by provider, breakers. Bounded, and lost with the process. */
export class LiveCounts {
  readonly sinceMs: number;
  readonly #hours = new Map<number, Map<string, Counted>>();
  readonly #providers = new Map<string, Provider>();
  readonly #breakers = new Map<string, BreakerChange>();
  readonly #stops: (() => void)[];

  constructor(private readonly now: () => number) {
    this.sinceMs = now();
    this.#stops = [
      subscribe('tollgate:refuse', ({ code, status, tenant, estimateNanoUsd = 0, shadow }) => {
        if (shadow !== true) this.#refused(String(code), Number(status), textOf(tenant), estimateNanoUsd);
      }),
      subscribe('tollgate:upstream', (facts) => {
        if (facts.breaker !== undefined) this.#changed(textOf(facts.target) ?? '', String(facts.breaker));
        else if (facts.paced === undefined) this.#attempted(facts);
      }),
    ];
  }

  /** Refusals of the last `hours`, the most frequent first. */
  refusals(hours: number, tenant?: string): RefusalCount[] {
    this.#forget();
    const first = Math.floor(this.now() / hourMs) - hours + 1;
    const sums = new Map<string, RefusalCount>();
    for (const [hour, counts] of this.#hours) {
      if (hour < first) continue;
      for (const [key, one] of counts) {
        if (tenant !== undefined && one.tenant !== tenant) continue;
        const { count = 0, askedNanoUsd = 0 } = sums.get(key) ?? {};
        sums.set(key, { ...one, count: one.count + count, askedNanoUsd: one.askedNanoUsd + askedNanoUsd });
      }
    }
    return [...sums.values()].sort((one, other) => other.count - one.count);
  }

  providers(): ProviderHealth[] {
    return [...this.#providers.values()]
      .map((one) => one.health())
      .sort((one, other) => other.attempts - one.attempts);
  }

  /** The last change of each breaker. */
  breakers(): readonly BreakerChange[] {
    return [...this.#breakers.values()];
  }

  end(): void {
    for (const stop of this.#stops) stop();
  }

  #refused(code: string, status: number, tenant: string | undefined, askedNanoUsd: number): void {
    const hour = Math.floor(this.now() / hourMs);
    let counts = this.#hours.get(hour);
    if (!counts) {
      this.#forget();
      counts = new Map();
      this.#hours.set(hour, counts);
    }
    const key = JSON.stringify([code, status, tenant ?? null]);
    const isKnown = counts.has(key) || counts.size < mostOfHour;
    const of = isKnown ? tenant : undefined;
    const name = isKnown ? key : JSON.stringify([code, status, null]);
    const counted = counts.get(name) ?? { code, status, tenant: of, count: 0, askedNanoUsd: 0 };
    counted.count += 1;
    counted.askedNanoUsd += askedNanoUsd;
    counts.set(name, counted);
  }

  #forget(): void {
    const first = Math.floor(this.now() / hourMs) - keptHours + 1;
    for (const hour of this.#hours.keys()) if (hour < first) this.#hours.delete(hour);
  }

  #changed(target: string, state: string): void {
    if (this.#breakers.size >= mostProviders && !this.#breakers.has(target)) return;
    this.#breakers.set(target, { target, state, atMs: this.now() });
  }

  #attempted(facts: AttemptFacts): void {
    const name = textOf(facts.provider) ?? 'unknown';
    let provider = this.#providers.get(name);
    if (!provider) {
      if (this.#providers.size >= mostProviders) return;
      provider = new Provider(name);
      this.#providers.set(name, provider);
    }
    provider.attempted(facts, this.now());
  }
}

interface AttemptFacts {
  readonly provider?: unknown;
  readonly status?: unknown;
  readonly attempt?: unknown;
  readonly code?: unknown;
  readonly latencyMs?: unknown;
  readonly firstByteMs?: unknown;
}

class Provider {
  #attempts = 0;
  #failed = 0;
  #retries = 0;
  readonly #latencies: number[] = [];
  readonly #firstBytes: number[] = [];
  #lastFailure: ProviderHealth['lastFailure'];

  constructor(private readonly name: string) {}

  attempted({ status, attempt, code, latencyMs, firstByteMs }: AttemptFacts, nowMs: number): void {
    const place = this.#attempts % keptLatencies;
    this.#attempts += 1;
    if (Number(attempt) > 1) this.#retries += 1;
    if (typeof latencyMs === 'number') this.#latencies[place] = latencyMs;
    if (typeof firstByteMs === 'number') this.#firstBytes[place] = firstByteMs;
    const answered = Number(status ?? 0);
    if (answered !== 0 && answered !== 429 && answered < 500) return;
    this.#failed += 1;
    this.#lastFailure = { atMs: nowMs, status: answered, code: textOf(code) };
  }

  health(): ProviderHealth {
    return {
      ...{ provider: this.name, attempts: this.#attempts, failed: this.#failed, retries: this.#retries },
      ...{ p50Ms: quantile(this.#latencies, 0.5), p95Ms: quantile(this.#latencies, 0.95) },
      ...{ firstByteP50Ms: quantile(this.#firstBytes, 0.5), lastFailure: this.#lastFailure },
    };
  }
}

function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.filter((value) => value !== undefined).sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
