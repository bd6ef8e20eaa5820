import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { billing, stripeMeters } from '@tollgate/billing';
import type { UsageEvent } from '@tollgate/core';
import { adjustmentEvent } from '@tollgate/core/internal';
import { type Ledger, ledger } from '@tollgate/postgres';
import { type PostgresProcess, type SimulatedStripe, simulateStripe, startPostgres } from '@tollgate/testkit';
import { bundledProgram } from '@tollgate/testkit/bundled-program';
import pg from 'pg';
import Stripe from 'stripe';
import { ledgerEvent } from '../ledger-event.js';
import { seeded } from '../seeded.js';
import { type BillingProcessSettings, meters } from './billing-settings.js';

const long = process.env.TOLLGATE_LONG === '1';
const hourMs = 3_600_000;
/** A while ago, at the start of an hour. */
const startMs = Date.now() - (Date.now() % hourMs) - 30 * hourMs;
const since = new Date(startMs).toISOString();
const program = bundledProgram(import.meta.dirname, 'billing-process');
let server: PostgresProcess;
let pool: pg.Pool;
let books: Ledger;
let stripe: SimulatedStripe;
const running: ChildProcess[] = [];

beforeAll(async () => {
  server = await startPostgres();
  pool = new pg.Pool({ connectionString: server.url });
}, 150_000);
afterAll(async () => {
  await pool.end();
  await server.stop();
});
beforeEach(async () => {
  books = ledger({ connectionString: server.url });
  stripe = await simulateStripe({ meters: meters.map(({ name }) => name) });
});
afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  await pool.query('drop schema tollgate cascade');
  await Promise.all([books.close(), stripe.close()]);
});

/** Usage of three tenants over 24 hours, with corrections; what it comes to. */
async function use(random: () => number, count: number): Promise<UsageEvent[]> {
  const events = Array.from({ length: count }, () => {
    const tenant = `t${Math.floor(random() * 3)}`;
    const cost = BigInt(Math.floor(random() * 1e9));
    return ledgerEvent(
      tenant,
      startMs + Math.floor(random() * 24 * hourMs),
      Math.floor(random() * 5_000),
      cost,
    );
  });
  const corrections = events
    .filter(() => random() < 0.1)
    .map((event) => adjustmentEvent(event, { ...event, costNanoUsd: '5', inputTokens: 3 }, []));
  await Promise.all([...events, ...corrections].map((event) => books.write(event)));
  return [...events, ...corrections];
}

function bill(claimMs = 1_000): ChildProcess {
  const settings: BillingProcessSettings = {
    ...{ databaseUrl: server.url, stripePort: stripe.port, apiKey: stripe.apiKey, since, claimMs },
  };
  const child = spawn(process.execPath, [program, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  return child;
}

/** Bills to the end, as the next process would when a claim of the last one has passed. */
async function billToTheEnd(): Promise<void> {
  const end = Date.now() + 30_000;
  do {
    const [code] = await once(bill(), 'exit');
    expect(code).toBe(0);
    const { rows } = await pool.query(
      `select count(*)::integer as open from tollgate.billing_events where state <> 'taken'`,
    );
    if (rows[0].open === 0) return;
    await delay(250);
  } while (Date.now() < end);
  throw new Error('events are left over');
}

/** Of each customer and meter, what Stripe has counted and what the ledger says. */
async function expectSumsToAgree(): Promise<void> {
  const { rows } =
    await pool.query(`select 'cus_' || tenant as customer, sum(input_tokens + output_tokens)::text as tokens,
    sum(cost_nano_usd)::text as cost from tollgate.usage_events group by 1 order by 1`);
  const counted = (name: string, customer: string) =>
    stripe.events
      .filter((event) => event.event_name === name && event.payload.stripe_customer_id === customer)
      .reduce((sum, { payload }) => sum + BigInt(payload.value ?? ''), 0n);
  expect(rows.length).toBeGreaterThan(0);
  expect(
    rows.map(({ customer }) => ({
      customer,
      tokens: String(counted('ai_tokens', customer)),
      cost: String(counted('ai_cost', customer)),
    })),
  ).toEqual(rows);
  expect(new Set(stripe.events.map(({ identifier }) => identifier)).size).toBe(stripe.events.length);
}

describe('billing the ledger through Stripe, killed with -9', () => {
  it('before an event has been sent: it is sent by the next', async () => {
    await use(seeded(1), 40);
    const child = bill();
    stripe.fail({ when: 'before', meanwhile: () => void child.kill('SIGKILL') });
    expect((await once(child, 'exit'))[1]).toBe('SIGKILL');
    await billToTheEnd();
    await expectSumsToAgree();
  }, 150_000);

  it('after Stripe has taken it and before its answer: it is not counted twice', async () => {
    await use(seeded(2), 40);
    const child = bill();
    stripe.fail({ when: 'after', meanwhile: () => void child.kill('SIGKILL') });
    expect((await once(child, 'exit'))[1]).toBe('SIGKILL');
    const before = stripe.events.length;
    expect(before).toBeGreaterThan(0);
    await billToTheEnd();
    expect(stripe.postCount).toBeGreaterThan(stripe.events.length);
    await expectSumsToAgree();
  }, 150_000);

  it('after the answer and before it is noted: it is not counted twice', async () => {
    await use(seeded(3), 40);
    const locker = await pool.connect();
    const child = bill();
    const meanwhile = async () => {
      await locker.query('begin');
      await locker.query('lock table tollgate.billing_events in access exclusive mode');
    };
    stripe.fail({ when: 'after', status: 200, meanwhile });
    // The notes of what was answered wait for the lock; the server would make them although the process is gone.
    const waiting = `from pg_stat_activity where wait_event_type = 'Lock' and query like 'update%billing_events%taken%'`;
    const end = Date.now() + 20_000;
    while ((await pool.query(`select 1 ${waiting}`)).rowCount === 0 && Date.now() < end) await delay(10);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await pool.query(`select pg_terminate_backend(pid, 5000) ${waiting}`);
    await locker.query('rollback');
    locker.release();
    await billToTheEnd();
    expect(stripe.postCount).toBeGreaterThan(stripe.events.length);
    await expectSumsToAgree();
  }, 150_000);

  it('at any moment, again and again, while usage goes on: no event twice, none missing, the sums are the ledger’s', async () => {
    const random = seeded(4);
    for (let round = 0; round < (long ? 40 : 8); round += 1) {
      await use(random, 30);
      const child = bill();
      const exited = once(child, 'exit');
      if (child.stdout) await Promise.race([exited, once(child.stdout, 'data')]);
      await Promise.race([exited, delay(random() * 250)]);
      child.kill('SIGKILL');
      await exited;
    }
    await billToTheEnd();
    await expectSumsToAgree();
    const lines = await billing({
      database: books.database,
      provider: stripeMeters({ stripe: new Stripe(stripe.apiKey, stripe.client) }),
      ...{ meters, since, customers: (tenant: string) => `cus_${tenant}` },
    }).reconcile({ from: since, to: new Date(startMs + 25 * hourMs).toISOString() });
    expect(lines.map(({ agrees }) => agrees)).toEqual(Array(6).fill(true));
  }, 240_000);
});
