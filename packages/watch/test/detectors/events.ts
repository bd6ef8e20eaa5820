import type { UsageEvent } from '@tollgate/core';
import { Analysis } from '../../src/detectors/analysis.js';
import type { Finding } from '../../src/detectors/finding.js';
import { seededRandom } from '../../src/forest/seeded-random.js';
import type { Budget } from '../../src/statistics/burn-rate.js';

/** A settled attempt. */
export function attempt(changes: Partial<UsageEvent> & { usd?: number } = {}): UsageEvent {
  const { usd = 0.02, ...rest } = changes;
  return {
    ...{ eventId: 'e', kind: 'usage', requestId: 'r', callId: 'c', attempt: 1, admittedAt: '', time: '' },
    ...{ tenant: 'acme', keyId: 'k1', plan: 'pro', labels: {}, provider: 'openai' },
    ...{ requestedModel: 'gpt-5', model: 'gpt-5', inputTokens: 1_000, cachedInputTokens: 0 },
    ...{ cacheWriteTokens: 0, outputTokens: 200, reasoningTokens: 0 },
    costNanoUsd: String(Math.round(usd * 1e9)),
    ...{ priceVersion: '', source: 'provider', uncertain: false, overrun: false, charges: [] },
    ...{ status: 200, outcome: 'ok', stream: false, latencyMs: 400 },
    ...rest,
  };
}

export const minuteMs = 60_000;
export const dayMs = 24 * 60 * minuteMs;

/** An analysis, and what it has found. */
export function analysisOf(settings: { budgetOf?: (tenant: string) => Budget } = {}): {
  analysis: Analysis;
  findings: Finding[];
} {
  const findings: Finding[] = [];
  const analysis = new Analysis({
    ...{ minimumUsd: 0.5, maxSubjects: 1_000, networksPerKey: 10, forest: undefined },
    budgetOf: settings.budgetOf,
    random: seededRandom(1),
    found: (finding) => findings.push(finding),
  });
  return { analysis, findings };
}

/** So many days of one request every seven minutes, each of another prompt. */
export function usualDays(analysis: Analysis, days: number, changes: Partial<UsageEvent> = {}): number {
  let nowMs = 0;
  for (let request = 0; nowMs < days * dayMs; request += 1) {
    nowMs += (5 + ((request * 7) % 5)) * minuteMs;
    analysis.usage(attempt({ promptHash: `usual-${request}`, ...changes }), nowMs);
  }
  return nowMs;
}
