import type { UsageEvent } from '@tollgate/core';
import type { ScopeSpan, SpendSource } from '@tollgate/core/internal';
import { usageEvent } from './ledger-event.js';

const startMs = Date.UTC(2026, 9, 15);
const span = { startMs, endMs: Date.UTC(2026, 9, 16) };

const event = (facts: Partial<UsageEvent>, atMs = startMs + 3_600_000): UsageEvent =>
  usageEvent({ charges: [], costNanoUsd: '0', inputTokens: 0, outputTokens: 0, ...facts }, atMs);

/** Usage of several scopes; amounts are powers of ten, so that a sum shows which events it is of. */
const events: readonly UsageEvent[] = [
  event({ costNanoUsd: '1', team: 'red / blue', user: 'ann' }),
  event({ costNanoUsd: '10', keyId: 'k1', route: '/v1/chat' }),
  event({ costNanoUsd: '100', tenant: 'other', model: 'gpt-5' }),
  event({ costNanoUsd: '3', unresolvedNanoUsd: '997' }),
  // What counters took is the truth, where they took anything; all counters of a unit took the same.
  event({
    costNanoUsd: '1',
    charges: ['usd/day/tenant=acme', 'usd/month/global='].map((counter) => {
      return { counter, window: '2026-10-15', amount: 10_000 };
    }),
  }),
  event({ kind: 'adjustment', costNanoUsd: '-2', charges: [] }),
  event({ inputTokens: 7, outputTokens: 70 }),
  event({ costNanoUsd: '100000' }, startMs - 1),
  event({ costNanoUsd: '100000' }, span.endMs),
];

const usd = (scope: ScopeSpan['scope']): ScopeSpan => ({ unit: 'usd', scope, ...span });

/** What a ledger of {@link events} answers to each of these. */
const answers: readonly (readonly [ScopeSpan, number])[] = [
  [usd({}), 11_109],
  [usd({ tenant: 'acme' }), 11_009],
  [usd({ tenant: 'acme', team: 'red / blue' }), 1],
  [usd({ tenant: 'acme', team: '' }), 11_008],
  [usd({ tenant: 'acme', user: 'ann' }), 1],
  // A caller without a key counts by its own id: its user; one without a user, by its key.
  [usd({ tenant: 'acme', key: 'ann' }), 1],
  [usd({ tenant: 'acme', user: 'k1' }), 10],
  [usd({ route: '/v1/chat' }), 10],
  [usd({ model: 'gpt-5' }), 100],
  [usd({ tenant: 'unknown' }), 0],
  [{ ...usd({ tenant: 'acme' }), unit: 'tokens' }, 77],
  [{ ...usd({ tenant: 'acme' }), unit: 'inputTokens' }, 7],
  [{ ...usd({ tenant: 'acme' }), unit: 'outputTokens' }, 70],
];

/** Gives a ledger usage events, and compares the usage of scopes: what it told, and what is right. */
export async function spendByScope(
  ledger: SpendSource & { write(event: UsageEvent): unknown },
): Promise<{ told: readonly number[] | undefined; right: readonly number[] }> {
  for (const one of events) await ledger.write(one);
  const told = await ledger.spentBy?.(answers.map(([asked]) => asked));
  return { told, right: answers.map(([, amount]) => amount) };
}
