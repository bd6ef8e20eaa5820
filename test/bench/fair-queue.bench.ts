/**
 * Paying traffic beside ten times as much free traffic as the places can serve: alone, in one queue for all, and in the fair queue of
 * `concurrency()`. Requests come at their own pace, whatever has been answered, as clients do.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { RequestHandler } from 'express';
import { Pool } from 'undici';
import { type Child, serveIfChild, startChild } from './harness/child.js';
import { listen } from './harness/listen.js';
import { quantile } from './harness/statistics.js';

const seconds = Number(process.env.BENCH_SECONDS ?? 15);
const places = 20;
/** Each request takes 200 to 600 ms, so that the places serve 50 a second. */
const meanMs = 400;
const perSecond = (places * 1_000) / meanMs;
const rates = { pro: perSecond * 0.25, free: perSecond * 10 };

type Plan = keyof typeof rates;

const work: RequestHandler = (_req, res) => {
  setTimeout(() => res.json({ ok: true }), meanMs / 2 + Math.random() * meanMs);
};

async function serve(...guards: RequestHandler[]): Promise<string> {
  const { default: express } = await import('express');
  const { contextOf } = await import('@tollgate/core');
  const app = express();
  app.use((req, res, next) => {
    const plan = req.get('x-plan') ?? 'free';
    const tenant = req.get('x-tenant') ?? 'nobody';
    contextOf(req, res).caller = { id: tenant, tenant, plan, scopes: [], labels: {} };
    next();
  });
  app.post('/', ...guards, work);
  return listen(app);
}

async function guard(fair: boolean): Promise<RequestHandler> {
  const { concurrency } = await import('@tollgate/concurrency');
  const { definePlans } = await import('@tollgate/core');
  const plans = definePlans({ free: {}, pro: { priority: 10 } });
  const queue = { size: 200, perTenant: 200, timeoutMs: 10_000 };
  return concurrency({ limit: places, queue, ...(fair && { plans }) });
}

const servers = {
  'one queue for all': async () => serve(await guard(false)),
  'concurrency()': async () => serve(await guard(true)),
};

interface Seen {
  readonly latenciesMs: number[];
  refused: number;
}

/** Sends the plans' traffic for so long, and waits for what is still to be answered. */
async function load(
  url: string,
  sent: readonly Plan[],
  tenantsTakeTurns: boolean,
): Promise<Record<Plan, Seen>> {
  const pool = new Pool(url, { connections: 1_000, headersTimeout: 30_000 });
  const seen = { pro: { latenciesMs: [], refused: 0 }, free: { latenciesMs: [], refused: 0 } };
  const running: Promise<void>[] = [];
  const send = async (plan: Plan): Promise<void> => {
    const startMs = performance.now();
    const tenant = tenantsTakeTurns ? `${plan}-${Math.floor(Math.random() * 20)}` : 'everybody';
    const headers = { 'x-plan': plan, 'x-tenant': tenant };
    const { statusCode, body } = await pool.request({ path: '/', method: 'POST', headers });
    await body.dump();
    if (statusCode === 200) (seen[plan].latenciesMs as number[]).push(performance.now() - startMs);
    else seen[plan].refused += 1;
  };
  const untilMs = performance.now() + seconds * 1_000;
  await Promise.all(
    sent.map(async (plan) => {
      for (let nextMs = performance.now(); nextMs < untilMs; ) {
        nextMs += (-Math.log(1 - Math.random()) * 1_000) / rates[plan];
        await pause(Math.max(0, nextMs - performance.now()));
        running.push(send(plan));
      }
    }),
  );
  await Promise.all(running);
  await pool.close();
  return seen;
}

function row(name: string, plan: Plan, { latenciesMs, refused }: Seen, alone: Seen | undefined): string {
  const p95 = quantile(latenciesMs, 0.95);
  const ratio = alone && plan === 'pro' ? (p95 / quantile(alone.latenciesMs, 0.95)).toFixed(2) : '';
  const cells = [
    name,
    plan,
    (latenciesMs.length / seconds).toFixed(1),
    (refused / seconds).toFixed(1),
    quantile(latenciesMs, 0.5).toFixed(0),
    p95.toFixed(0),
    ratio,
  ];
  return `| ${cells.join(' | ')} |`;
}

async function measure(): Promise<void> {
  const lines = [
    `\n### Paying traffic beside free traffic of 10 × the capacity, ${places} places of ${perSecond}/s\n`,
    '| | plan | answered/s | refused/s | p50 ms | p95 ms | p95 × alone |',
    '| --- | --- | --: | --: | --: | --: | --: |',
  ];
  const children: Child[] = [];
  try {
    let alone: Seen | undefined;
    for (const [name, sent] of [
      ['concurrency()', ['pro']],
      ['one queue for all', ['pro', 'free']],
      ['concurrency()', ['pro', 'free']],
    ] as const) {
      const child = await startChild(name, {});
      children.push(child);
      const seen = await load(child.url, sent, name === 'concurrency()');
      alone ??= seen.pro;
      for (const plan of sent) lines.push(row(sent.length === 1 ? 'alone' : name, plan, seen[plan], alone));
    }
  } finally {
    for (const child of children) await child.stop();
  }
  console.log([...lines, '\nGoal: paying p95 within 1.2 of alone; free traffic still moves'].join('\n'));
}

if (!serveIfChild(servers)) await measure();
