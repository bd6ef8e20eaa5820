/**
 * What the quota engine costs in memory: reserve, charge and close of one request under four limits, as `budget` asks for them.
 * Prints microseconds of CPU per request (both operations, garbage collection included), medians over rounds.
 */
import {
  type ChargeItem,
  calendarSpan,
  memoryQuota,
  newId,
  type QuotaCharge,
  type QuotaCounter,
  type UsageEvent,
} from '@tollgate/core';

const requests = 20_000;
const rounds = 9;
const partition = 'tenant';
const day = { kind: 'calendar', period: 'day', timeZone: 'Europe/Berlin', anchorDay: 1 } as const;
const month = { kind: 'calendar', period: 'month', timeZone: 'UTC', anchorDay: 15 } as const;
const bucket = { kind: 'bucket', rate: 200_000, periodMs: 60_000, burst: 200_000 } as const;

function countersOf(caller: number): QuotaCounter[] {
  const rest = { wide: false, soft: false };
  return [
    { counter: `usd/day/${caller}`, unit: 'usd', limit: 9e15, window: day, ...rest },
    { counter: `usd/month/${caller}`, unit: 'usd', limit: 9e15, window: month, ...rest },
    { counter: `tokens/min/${caller}`, unit: 'tokens', limit: 200_000, window: bucket, ...rest },
    { counter: `concurrent/${caller}`, unit: 'concurrent', limit: 1_000, window: { kind: 'live' }, ...rest },
  ];
}

const event: UsageEvent = {
  eventId: newId(),
  kind: 'usage',
  requestId: newId(),
  callId: newId(),
  attempt: 1,
  admittedAt: '',
  time: '',
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
  priceVersion: '',
  source: 'provider',
  uncertain: false,
  overrun: false,
  charges: [],
  status: 200,
  outcome: 'ok',
  stream: false,
  latencyMs: 1,
};

/** What a caller's requests ask and settle: made beforehand, so that only the engine is measured. */
function booksOf(caller: number, nowMs: number): { charges: QuotaCharge[]; items: ChargeItem[] } {
  const counters = countersOf(caller);
  const windowOf = ({ window }: QuotaCounter): string =>
    window.kind === 'calendar' ? calendarSpan(window, nowMs).id : window.kind;
  return {
    charges: counters.map((counter) => ({ ...counter, want: 1, floor: 1 })),
    items: counters.map((counter) => ({ ...counter, windowId: windowOf(counter), amount: 1, release: 1 })),
  };
}

/** Microseconds of CPU for each request. */
async function round(callers: number, inFlight: number): Promise<number> {
  const nowMs = Date.now();
  const store = memoryQuota({ now: () => nowMs });
  const books = Array.from({ length: callers }, (_, caller) => booksOf(caller, nowMs));
  const ids = Array.from({ length: requests }, () => newId());
  const settle = (request: number): unknown => {
    const [id, book] = [ids[request], books[request % callers]];
    if (id === undefined || !book) return undefined;
    return store.charge({ id, partition, attemptId: id, items: book.items, event, close: true });
  };
  globalThis.gc?.();
  const before = process.cpuUsage();
  for (let request = 0; request < requests + inFlight; request += 1) {
    const [id, book] = [ids[request], books[request % callers]];
    if (id !== undefined && book) {
      const alternatives = [{ charges: book.charges, event }];
      const result = await store.reserve({ id, partition, attemptId: id, alternatives, leaseMs: 60_000 });
      if (!result.ok) throw new Error(JSON.stringify(result.refusal));
    }
    await settle(request - inFlight);
  }
  const { user, system } = process.cpuUsage(before);
  await store.end();
  return (user + system) / requests;
}

for (const [callers, inFlight] of [
  [1, 0],
  [1_000, 200],
  [20_000, 200],
] as const) {
  const spent: number[] = [];
  for (let count = 0; count < rounds; count += 1) spent.push(await round(callers, inFlight));
  const median = spent.sort((a, b) => a - b)[rounds >> 1] ?? 0;
  console.log(
    `quota in memory: ${callers} callers, ${inFlight} in flight: ${median.toFixed(1)} µs per request (4 limits)`,
  );
}
