import { afterEach, describe, expect, it } from '@jest/globals';
import { publish as publishWhole } from '@tollgate/core/internal';
import { type LimitFigures, type Metrics, metrics } from '../src/index.js';

const publish = publishWhole as (name: 'tollgate:upstream', facts: () => object) => void;
let nowMs = Date.UTC(2026, 9, 15);
let open: Metrics | undefined;
afterEach(() => open?.close());

const figures = (facts: Partial<LimitFigures> = {}): LimitFigures => ({
  ...{ tenant: 'acme', team: null, user: null, key: null, limit: 'usd-month', unit: 'usd' },
  ...{ cap: 5_000_000_000, used: 4_000_000_000, resetsAt: new Date(nowMs + 90_000).toISOString() },
  ...facts,
});

function scraping(limits: () => Promise<readonly LimitFigures[]>): () => Promise<string> {
  open = metrics({ limits, now: () => nowMs });
  const { registry } = open;
  return () => registry.metrics();
}

describe('the gauges of the fullest limits', () => {
  it('show cap, used amount and reset of each, in dollars for money', async () => {
    const text = await scraping(async () => [
      figures(),
      figures({ tenant: 'globex', key: 'k1', unit: 'tokens', limit: 'tokens-day', cap: 900, used: 9 }),
      figures({ tenant: 'globex', team: 'data', limit: 'usd-day' }),
    ])();
    for (const line of [
      'tollgate_budget_limit{tenant="acme",subject="",limit="usd-month",unit="usd"} 5',
      'tollgate_budget_used{tenant="acme",subject="",limit="usd-month",unit="usd"} 4',
      'tollgate_budget_resets_seconds{tenant="acme",subject="",limit="usd-month",unit="usd"} 90',
      'tollgate_budget_used{tenant="globex",subject="key k1",limit="tokens-day",unit="tokens"} 9',
      'tollgate_budget_limit{tenant="globex",subject="team data",limit="usd-day",unit="usd"} 5',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });

  it('are asked once a minute, however often they are scraped, and forget limits that are gone', async () => {
    let asked = 0;
    const scrape = scraping(async () => [figures({ tenant: `tenant-${asked++}` })]);
    await Promise.all([scrape(), scrape(), scrape()]);
    nowMs += 59_000;
    expect(await scrape()).toContain('tenant="tenant-0"');
    nowMs += 1_000;
    const text = await scrape();
    expect([asked, text.includes('tenant-0'), text.includes('tenant-1')]).toEqual([2, false, true]);
  });

  it('are at most a hundred', async () => {
    const text = await scraping(async () =>
      Array.from({ length: 500 }, (_, index) => figures({ tenant: `t${index}` })),
    )();
    expect(text.match(/^tollgate_budget_used\{/gm)).toHaveLength(100);
  });

  it('are left out where the ledger fails or does not answer; the scrape is answered, and the next one asks again', async () => {
    let answer: () => Promise<readonly LimitFigures[]> = () => Promise.reject(new Error('away'));
    const scrape = scraping(() => answer());
    const failed = await scrape();
    expect(failed).not.toMatch(/^tollgate_budget_used\{/m);
    answer = () => new Promise(() => undefined);
    expect(await scrape()).toContain('tollgate_faults_total{where="metrics"} 1\n');
  });
});

describe('the metrics of calls to providers', () => {
  it('count retries, and show which breakers are open', async () => {
    const scrape = scraping(async () => []);
    publish('tollgate:upstream', () => ({ provider: 'openai', status: 200, outcome: 'ok', attempt: 1 }));
    publish('tollgate:upstream', () => ({
      provider: 'openai',
      status: 200,
      outcome: 'ok',
      attempt: 2,
      reason: 'status',
    }));
    publish('tollgate:upstream', () => ({ target: 'a', breaker: 'open' }));
    publish('tollgate:upstream', () => ({ target: 'b', breaker: 'open' }));
    publish('tollgate:upstream', () => ({ target: 'b', breaker: 'closed' }));
    const text = await scrape();
    expect(text).toContain('tollgate_retries_total{provider="openai",reason="status"} 1\n');
    expect(text).toContain('tollgate_circuit_open{target="a"} 1\n');
    expect(text).toContain('tollgate_circuit_open{target="b"} 0\n');
  });

  it('show the state of ledger, alerts and watch of an app that has them', async () => {
    const scrape = scraping(async () => []);
    open?.watch({
      ...{
        isReady: true,
        inFlight: 0,
        unverified: 0,
        fromGrace: 0,
        ledger: { isFull: true, droppedCount: 3 },
      },
      ...{ alerts: { dropped: 1, givenUp: 2 }, watch: { evictions: 4 } },
    });
    const text = await scrape();
    for (const line of [
      'spool_full 1',
      'ledger_dropped_events 3',
      'alerts_dropped 1',
      'alerts_given_up 2',
      'watch_evictions 4',
    ]) {
      expect(text).toContain(`tollgate_${line}\n`);
    }
  });
});
