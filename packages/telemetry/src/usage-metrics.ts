import type { UsageEvent, UsageSink } from '@tollgate/core';
import type { Instruments } from './instruments.js';
import { KnownValues } from './known-values.js';

const nanoPerUsd = 1e9;

/**
 * A sink that counts usage events: attempts, tokens, dollars, latencies. Dollars are floats here, good for a graph; the ledger has them
 * exactly. An adjustment that takes something back is counted apart, since a counter of Prometheus never falls.
 */
export function usageMetrics(instruments: Instruments, tenants: boolean): UsageSink {
  const whose = tenants ? ['tenant', 'plan', 'provider', 'model'] : ['plan', 'provider', 'model'];
  const attempts = instruments.counter(
    'attempts_total',
    'Settled attempts at providers.',
    'provider',
    'model',
    'outcome',
    'source',
  );
  const doubtful = instruments.counter(
    'doubtful_attempts_total',
    'Attempts whose charge is uncertain, or above what was held (overrun).',
    'provider',
    'model',
    'why',
  );
  const cost = instruments.counter('cost_usd_total', 'Dollars charged.', ...whose);
  const givenBack = instruments.counter(
    'cost_given_back_usd_total',
    'Dollars that adjustments took back.',
    ...whose,
  );
  const tokens = instruments.counter(
    'tokens_total',
    'Tokens used: input and output in all; cached_input, cache_write and reasoning are parts of them.',
    ...whose,
    'type',
  );
  const latency = instruments.duration(
    'provider_latency_seconds',
    'From sending a call to the end of its answer.',
    ['provider', 'model'],
  );
  const firstToken = instruments.duration(
    'time_to_first_token_seconds',
    'From sending a streamed call to its first visible output.',
    ['provider', 'model'],
  );

  const models = new KnownValues(instruments.maxLabelValues);

  function write(event: UsageEvent): void {
    const { tenant, plan, provider, outcome, source } = event;
    const model = models.label(event.model, { learn: !isRefused(event) });
    // One object for all of them: each reads its labels at once.
    const facts = { tenant, plan, provider, model, outcome, source, why: '', type: '' };
    const dollars = Number(event.costNanoUsd) / nanoPerUsd;
    if (dollars >= 0) cost(facts, dollars);
    else givenBack(facts, -dollars);
    if (event.kind === 'adjustment') return;
    attempts(facts);
    for (const why of doubts) {
      if (!event[why]) continue;
      facts.why = why;
      doubtful(facts);
    }
    for (const [type, field] of tokenTypes) {
      if (!(event[field] > 0)) continue;
      facts.type = type;
      tokens(facts, event[field]);
    }
    latency(facts, event.latencyMs);
    if (event.timeToFirstTokenMs !== undefined) firstToken(facts, event.timeToFirstTokenMs);
  }
  return { write };
}

/** Clients choose the names of models; those in requests that the provider refused share one label. */
const isRefused = ({ status }: UsageEvent): boolean => status >= 400 && status < 500 && status !== 429;

const doubts = ['uncertain', 'overrun'] as const;
const tokenTypes = [
  ['input', 'inputTokens'],
  ['cached_input', 'cachedInputTokens'],
  ['cache_write', 'cacheWriteTokens'],
  ['output', 'outputTokens'],
  ['reasoning', 'reasoningTokens'],
] as const;
