import { afterEach, describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { type ChannelName, publish as publishWhole } from '@tollgate/core/internal';
import express from 'express';
import express4 from 'express4';
import { Registry } from 'prom-client';
import request from 'supertest';
import { type Metrics, type MetricsOptions, metrics } from '../src/index.js';

/** The payloads here have only the fields that matter. */
const publish = publishWhole as (name: ChannelName, facts: () => object) => void;

let open: Metrics | undefined;
afterEach(() => open?.close());

function measured(options?: MetricsOptions): Metrics {
  open?.close();
  open = metrics(options);
  return open;
}

async function scrape(of: Metrics, create: typeof express = express): Promise<string> {
  const app = create();
  app.get('/metrics', of.handler());
  const answer = await request(app).get('/metrics').expect(200);
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(answer.headers['cache-control']).toBe('no-store');
  return answer.text;
}

const usage: UsageEvent = {
  eventId: '0190c5a0-0000-7000-8000-000000000001',
  kind: 'usage',
  requestId: 'r',
  callId: 'c',
  attempt: 1,
  admittedAt: '2026-11-01T00:00:00.000Z',
  time: '2026-11-01T00:00:01.000Z',
  tenant: 'acme',
  plan: 'pro',
  labels: {},
  provider: 'openai',
  requestedModel: 'gpt-5-mini',
  model: 'gpt-5-mini',
  inputTokens: 100,
  cachedInputTokens: 40,
  cacheWriteTokens: 0,
  outputTokens: 30,
  reasoningTokens: 10,
  costNanoUsd: '2500000000',
  priceVersion: '1',
  source: 'provider',
  uncertain: false,
  overrun: false,
  charges: [],
  status: 200,
  outcome: 'ok',
  stream: true,
  latencyMs: 900,
  timeToFirstTokenMs: 200,
};

describe('metrics()', () => {
  for (const [name, create] of [
    ['express 5', express],
    ['express 4', express4],
  ] as const) {
    it(`answers a scrape on ${name} with dollars, tokens and latencies of the usage events its sink was given`, async () => {
      const own = measured();
      await own.sink.write(usage);
      await own.sink.write({ ...usage, uncertain: true, overrun: true });
      const text = await scrape(own, create);
      const who = 'plan="pro",provider="openai",model="gpt-5-mini"';
      expect(text).toContain(`tollgate_cost_usd_total{${who}} 5\n`);
      expect(text).toContain(`tollgate_tokens_total{${who},type="input"} 200\n`);
      expect(text).toContain(`tollgate_tokens_total{${who},type="cached_input"} 80\n`);
      expect(text).toContain(`tollgate_tokens_total{${who},type="reasoning"} 20\n`);
      expect(text).not.toContain('type="cache_write"');
      const model = 'provider="openai",model="gpt-5-mini"';
      expect(text).toContain(`tollgate_attempts_total{${model},outcome="ok",source="provider"} 2\n`);
      expect(text).toContain(`tollgate_doubtful_attempts_total{${model},why="overrun"} 1\n`);
      expect(text).toContain(`tollgate_provider_latency_seconds_bucket{le="1",${model}} 2\n`);
      expect(text).toContain(`tollgate_time_to_first_token_seconds_bucket{le="0.25",${model}} 2\n`);
      expect(text).not.toContain('acme');
    });
  }

  it('counts an adjustment as money only: added, or given back, since a counter never falls', async () => {
    const own = measured();
    await own.sink.write({ ...usage, kind: 'adjustment', adjusts: 'e', costNanoUsd: '-500000000' });
    await own.sink.write({ ...usage, kind: 'adjustment', adjusts: 'e', costNanoUsd: '250000000' });
    const text = await scrape(own);
    const who = 'plan="pro",provider="openai",model="gpt-5-mini"';
    expect(text).toContain(`tollgate_cost_given_back_usd_total{${who}} 0.5\n`);
    expect(text).toContain(`tollgate_cost_usd_total{${who}} 0.25\n`);
    expect(text).not.toContain('tollgate_attempts_total{');
    expect(text).not.toContain('tollgate_tokens_total{');
  });

  it('counts what the packages publish: refusals, stores, thresholds, faults', async () => {
    const own = measured();
    publish('tollgate:refuse', () => ({ code: 'budget_exceeded', status: 402, tenant: 'acme' }));
    publish('tollgate:refuse', () => ({ code: 'budget_exceeded', status: 402, shadow: true }));
    publish('tollgate:auth', () => ({ outcome: 'ok', keyId: 'k1' }));
    publish('tollgate:reserve', () => ({ operation: 'reserve', ok: false, blockedBy: 'used', id: 'r1' }));
    publish('tollgate:settle', () => ({ outcome: 'charged', requestId: 'r1' }));
    publish('tollgate:settle', () => ({ outcome: 'charged', partition: 'acme' })); // the store's own word for the same
    publish('tollgate:settle', () => ({ outcome: 'reaped', partition: 'acme' }));
    publish('tollgate:store', () => ({ operation: 'reserve', outcome: 'unverified' }));
    publish('tollgate:store', () => ({ store: 'rate-limit', state: 'down' }));
    publish('tollgate:threshold', () => ({ unit: 'usd', threshold: 0.8, counter: 'tenant:acme' }));
    publish('tollgate:upstream', () => ({ provider: 'openai', api: 'chat', status: 200, outcome: 'ok' }));
    publish('tollgate:upstream', () => ({ target: 'openai/gpt-5', breaker: 'open', openMs: 5 }));
    publish('tollgate:upstream', () => ({ target: 'openai/gpt-5', paced: 'turn', waitedMs: 5 }));
    publish('tollgate:concurrency', () => ({ requestId: 'r1', plan: 'free', outcome: 'refused' }));
    publish('tollgate:concurrency', () => ({ outcome: 'limit', limit: 5 })); // no request
    publish('tollgate:guardrail', () => ({
      rule: 'pii',
      action: 'redact',
      where: 'output',
      kinds: ['pii.card'],
    }));
    publish('tollgate:cache', () => ({ outcome: 'hit', plan: 'free', tenant: 'acme', savedNanoUsd: 5 }));
    publish('tollgate:watch', () => ({ detector: 'spend', do: 'tighten', outcome: 'applied', action: {} }));
    publish('tollgate:alert', () => ({
      ...{ to: 'webhook', event: 'opened', key: 'watch/key/k1', kind: 'anomaly', severity: 'error' },
      outcome: 'received',
    }));
    const inputs = { task: 'code', taskBy: 'label' };
    const decision = { ranked: ['openai/gpt-5'], why: 'cheapest', excluded: { 'google/lite': 'no-price' } };
    publish('tollgate:route', () => ({ requestId: 'r1', tenant: 'acme', inputs, decision }));
    publish('tollgate:route', () => ({ inputs, decision: { ...decision, ranked: [] } }));
    publish('tollgate:fault', () => ({ source: 'usage-sink', error: 'full' }));
    publish('tollgate:warning', () => ({ code: 'TOLLGATE_W_ORDER', message: 'm' }));
    const text = await scrape(own);
    for (const line of [
      'refusals_total{code="budget_exceeded",status="402",shadow="false"} 1',
      'refusals_total{code="budget_exceeded",status="402",shadow="true"} 1',
      'authentications_total{outcome="ok"} 1',
      'reservations_total{operation="reserve",outcome="refused",blocked_by="used"} 1',
      'settlements_total{outcome="charged"} 1',
      'settlements_total{outcome="reaped"} 1',
      'store_events_total{store="quota",operation="reserve",outcome="unverified"} 1',
      'store_events_total{store="rate-limit",operation="",outcome="down"} 1',
      'thresholds_total{unit="usd",threshold="0.8"} 1',
      'upstream_attempts_total{provider="openai",api="chat",status="200",outcome="ok"} 1',
      'watch_mitigations_total{detector="spend",action="tighten",outcome="applied"} 1',
      'alert_notices_total{to="webhook",event="opened",kind="anomaly",severity="error",outcome="received"} 1',
      'breaker_changes_total{target="openai/gpt-5",breaker="open"} 1',
      'paced_calls_total{target="openai/gpt-5",paced="turn"} 1',
      'concurrency_decisions_total{plan="free",outcome="refused"} 1',
      'guardrail_findings_total{rule="pii",action="redact",where="output"} 1',
      'cache_events_total{plan="free",outcome="hit"} 1',
      'route_decisions_total{task="code",by="label",why="cheapest",target="openai/gpt-5"} 1',
      'route_decisions_total{task="code",by="label",why="none",target=""} 1',
      'route_exclusions_total{target="google/lite",why="no-price"} 2',
      'faults_total{where="usage-sink"} 1',
      'warnings_total{code="TOLLGATE_W_ORDER"} 1',
      'subscriber_faults 0',
    ]) {
      expect(text).toContain(`tollgate_${line}\n`);
    }
    expect(text).not.toContain('acme');
  });

  it('stops counting once closed', async () => {
    const own = measured();
    own.close();
    publish('tollgate:refuse', () => ({ code: 'budget_exceeded', status: 402 }));
    expect(await scrape(own)).not.toContain('budget_exceeded');
  });

  it('names tenants only where told to, and counts those beyond the bound as "other"', async () => {
    const own = measured({ tenants: true, maxLabelValues: 2 });
    for (const tenant of ['a', 'b', 'c', 'd', 'a']) await own.sink.write({ ...usage, tenant });
    const text = await scrape(own);
    const more = 'plan="pro",provider="openai",model="gpt-5-mini"';
    expect(text).toContain(`tollgate_cost_usd_total{tenant="a",${more}} 5\n`);
    expect(text).toContain(`tollgate_cost_usd_total{tenant="other",${more}} 5\n`);
    expect(text).not.toContain('tenant="c"');
  });

  it('keeps a scrape small whatever models clients name', async () => {
    const own = measured({ maxLabelValues: 10 });
    for (let each = 0; each < 10_000; each += 1) await own.sink.write({ ...usage, model: `model-${each}` });
    const series = (await scrape(own))
      .split('\n')
      .filter((line) => line.startsWith('tollgate_attempts_total'));
    expect(series).toHaveLength(11);
  });

  it('lets no model that providers do not know take the place of one that they do', async () => {
    const own = measured({ maxLabelValues: 3 });
    for (const status of [400, 404]) {
      for (let each = 0; each < 50; each += 1) {
        await own.sink.write({ ...usage, status, outcome: 'error', model: `claude-haiku-4-5-2099${each}` });
      }
    }
    await own.sink.write({ ...usage, model: 'real' });
    await own.sink.write({ ...usage, model: 'slow', status: 429 });
    const models = (await scrape(own)).matchAll(/^tollgate_attempts_total.*model="([^"]*)"/gm);
    expect(new Set(Array.from(models, ([, model]) => model))).toEqual(new Set(['other', 'real', 'slow']));
  });

  it('escapes what a label holds', async () => {
    const own = measured();
    await own.sink.write({ ...usage, model: 'a"} 1\ntollgate_cost_usd_total{x="\\' });
    const lines = (await scrape(own))
      .split('\n')
      .filter((line) => line.startsWith('tollgate_cost_usd_total'));
    expect(lines).toEqual([
      'tollgate_cost_usd_total{plan="pro",provider="openai",model="a\\"} 1\\ntollgate_cost_usd_total{x=\\"\\\\"} 2.5',
    ]);
  });

  it('shows what an app knows of itself at the moment of the scrape', async () => {
    const own = measured();
    const app = { isReady: true, inFlight: 3, unverified: 2, fromGrace: 1 };
    own.watch(app);
    expect(await scrape(own)).toContain('tollgate_ready 1\n');
    app.isReady = false;
    app.inFlight = 4;
    const text = await scrape(own);
    expect(text).toContain('tollgate_ready 0\n');
    expect(text).toContain('tollgate_in_flight_requests 4\n');
    expect(text).toContain('tollgate_unverified_admissions 2\n');
    expect(text).toContain('tollgate_grace_admissions 1\n');
  });

  it('adds to the registry and under the prefix that the app has, with the process itself where told to', async () => {
    const registry = new Registry();
    const own = measured({ registry, prefix: 'gateway_', process: true });
    await own.sink.write(usage);
    expect(own.registry).toBe(registry);
    const text = await scrape(own);
    expect(text).toContain('gateway_cost_usd_total{');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });

  it('throws at start for a wrong or misspelt option', () => {
    expect(() => metrics({ prefix: '9-lives' })).toThrow(
      'metrics: "prefix" must be letters, digits and "_", not beginning with a digit, received "9-lives"',
    );
    expect(() => metrics({ tenant: true } as MetricsOptions)).toThrow('did you mean "tenants"?');
    expect(() => metrics({ maxLabelValues: 0 })).toThrow('an integer from 1 to 10000, received 0');
  });

  it('hands a collector that fails to Express', async () => {
    const own = measured();
    own.watch({
      get isReady(): boolean {
        throw new Error('boom');
      },
      inFlight: 0,
      unverified: 0,
      fromGrace: 0,
    });
    const app = express();
    app.set('env', 'test');
    app.get('/metrics', own.handler());
    await request(app).get('/metrics').expect(500);
  });

  it('measure the queue: permits, waiters, the limit, how long each waited, and overages', async () => {
    const of = measured();
    const concurrency = { running: 3, waiting: 2, limit: 8 };
    of.watch({ isReady: true, inFlight: 3, unverified: 0, fromGrace: 0, concurrency });
    publish('tollgate:concurrency', () => ({
      requestId: 'r',
      plan: 'pro',
      outcome: 'admitted',
      waitedMs: 1_500,
    }));
    publish('tollgate:overage', () => ({ tenant: 'acme', name: 'usd-month', unit: 'usd' }));
    concurrency.waiting = 1;
    const text = await scrape(of);
    for (const line of [
      'tollgate_concurrency_running 3',
      'tollgate_concurrency_waiting 1',
      'tollgate_concurrency_limit 8',
      'tollgate_concurrency_wait_seconds_sum{plan="pro"} 1.5',
      'tollgate_concurrency_wait_seconds_count{plan="pro"} 1',
      'tollgate_overage_requests_total{unit="usd"} 1',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });
});
