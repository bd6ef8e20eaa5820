import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { publish } from '@tollgate/core/internal';
import { simulateProvider } from '@tollgate/simulator';
import { hasPrometheus, type PrometheusProcess, startPrometheus } from '@tollgate/testkit';
import { callback } from '@tollgate/watch';
import express from 'express';
import { memoryKeys, metrics, openAiCompatible, tollgate } from 'tollgate';

const folder = join(import.meta.dirname, '../../packages/telemetry');
const rules = join(folder, 'prometheus/alerts.yml');

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const dashboards: Dashboard[] = readdirSync(join(folder, 'grafana')).map((name) =>
  JSON.parse(readFileSync(join(folder, 'grafana', name), 'utf8')),
);
const queries = dashboards.flatMap(({ title, panels }) =>
  panels.flatMap((panel) => panel.targets.map(({ expr }) => ({ name: `${title}: ${panel.title}`, expr }))),
);
const alerts = readFileSync(rules, 'utf8');

const has = hasPrometheus();
const withPrometheus = has ? describe : describe.skip;
const closing: (() => unknown)[] = [];
let scraped = '';
let server: PrometheusProcess;

beforeAll(async () => {
  if (!has) return;
  const keys = memoryKeys();
  const { key } = keys.create({ tenant: 'acme', plan: 'pro' });
  const figures = {
    tenant: 'acme',
    team: null,
    user: null,
    key: 'k',
    limit: 'usd-month',
    unit: 'usd',
    cap: 5e9,
    used: 4.9e9,
  };
  const measured = metrics({
    limits: async () => [{ ...figures, resetsAt: new Date(Date.now() + 3_600_000).toISOString() }],
  });
  const tg = tollgate({
    ...{ plans: { pro: { spend: '$50/month' } }, keys, sinks: [measured.sink], concurrency: { limit: 5 } },
    ...{
      switch: true,
      cache: true,
      watch: {},
      alerts: { to: [callback(() => undefined)] },
    },
    meter: { prices: { model: { inputUsdPerMillion: '1000', outputUsdPerMillion: '4000' } } },
  });
  measured.watch(tg);
  const provider = await simulateProvider();
  const own = openAiCompatible({ name: 'own', apiKey: 'sk-test', baseUrl: provider.openAiUrl });
  const app = express();
  app.get('/metrics', measured.handler());
  app.use('/v1', tg.guards(), tg.proxy({ provider: own }));
  app.use(tg.errors());
  const listening = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  const address = listening.address();
  const target = `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  closing.push(
    () => listening.close(),
    () => listening.closeAllConnections(),
    () => tg.close({ graceMs: 0 }),
    () => provider.close(),
    () => measured.close(),
  );
  const ask = async (credential: string): Promise<void> => {
    await fetch(`http://${target}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'model',
        max_tokens: 20,
        messages: [{ role: 'user', content: 'Hello' }],
      }),
    }).then((answer) => answer.text());
  };
  await ask(key);
  await ask('wrong');
  publish('tollgate:upstream', () => ({ target: 'own', breaker: 'open', openMs: 1_000 }));
  server = await startPrometheus(target, rules);
  closing.push(() => server.stop());
  // Rates need two scrapes with a change between them.
  while ((await server.query('count_over_time(tollgate_attempts_total[1m]) > 1')).length === 0)
    await ask(key);
  scraped = await (await fetch(`http://${target}/metrics`)).text();
}, 360_000);
afterAll(async () => {
  for (const close of closing) await close();
}, 150_000);

withPrometheus('the metrics, read by a real Prometheus', () => {
  it('are taken without a complaint', () => {
    const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: scraped,
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
  });

  it.each(queries.map(({ name, expr }) => [name, expr]))('panel %s: its query runs', async (_, expr) => {
    expect(Array.isArray(await server.query(expr))).toBe(true);
  });

  it('show what was spent, refused, and how full the limits are', async () => {
    const figureOf = async (query: string) => Number((await server.query(query))[0]?.value[1]);
    expect(await figureOf('sum(tollgate_cost_usd_total)')).toBeGreaterThan(0);
    expect(await figureOf('tollgate_refusals_total{status="401"}')).toBe(1);
    expect(await figureOf('tollgate_budget_used / tollgate_budget_limit')).toBeCloseTo(0.98);
    expect(await figureOf('tollgate_circuit_open{target="own"}')).toBe(1);
  });

  it('have alert rules that promtool accepts, each with an action to take', () => {
    const { status, stdout } = spawnSync('promtool', ['check', 'rules', rules], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, expect.stringContaining('SUCCESS')]);
    const count = alerts.match(/- alert:/g)?.length;
    expect(alerts.match(/action: /g)?.length).toBe(count);
    expect(alerts.match(/severity: (?:warning|critical)/g)?.length).toBe(count);
  });

  it('fire where a budget is nearly used up and a breaker is open', async () => {
    const pending = 'ALERTS{alertname=~"TollgateBudgetNearlyUsedUp|TollgateBreakerOpen"}';
    while ((await server.query(pending)).length < 2) await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await server.query(pending)).map(({ metric }) => metric.alertname).sort()).toEqual([
      'TollgateBreakerOpen',
      'TollgateBudgetNearlyUsedUp',
    ]);
  }, 90_000);

  it('are all that dashboards and rules ask for: no name is misspelt', () => {
    const known = new Set([...scraped.matchAll(/^# HELP (\S+)/gm)].map(([, name = '']) => name));
    const asked = [...queries.map(({ expr }) => expr), alerts].join('\n').matchAll(/tollgate_\w+/g);
    const names = new Set([...asked].map(([name]) => name.replace(/_bucket$/, '')));
    const ofRequest = new Set(['tollgate_spool_full', 'tollgate_ledger_dropped_events']); // of apps with a ledger
    expect([...names].filter((name) => !known.has(name) && !ofRequest.has(name))).toEqual([]);
  });
});

describe('the dashboards for Grafana', () => {
  it('are three, with a choice of the data source and no panel over another', () => {
    expect(dashboards.map(({ uid }) => uid).sort()).toEqual([
      'tollgate-abuse',
      'tollgate-money',
      'tollgate-reliability',
    ]);
    for (const { panels } of dashboards as unknown as {
      panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[];
    }[]) {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
    }
  });
});
