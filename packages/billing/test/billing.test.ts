import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type SimulatedStripe, simulateStripe } from '@tollgate/testkit';
import Stripe from 'stripe';
import { type Billing, type BillingOptions, billing, stripeMeters } from '../src/index.js';
import { type LedgerStandIn, ledgerStandIn } from './ledger-stand-in.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 10, 1);

let server: Awaited<ReturnType<typeof ledgerStandIn>>;
let books: LedgerStandIn;
let stripe: SimulatedStripe;
let nowMs: number;

beforeAll(async () => {
  server = await ledgerStandIn();
}, 150_000);
afterAll(() => server.end());
beforeEach(async () => {
  nowMs = startMs + 10 * hourMs;
  books = await server.fresh();
  stripe = await simulateStripe({ meters: ['ai_tokens', 'ai_cost'], now: () => nowMs });
});
afterEach(() => stripe.close());

const tokens = { name: 'ai_tokens', quantity: 'tokens' } as const;

function biller(options: Partial<BillingOptions> = {}, key = stripe.apiKey): Billing {
  return billing({
    database: books,
    provider: stripeMeters({ stripe: new Stripe(key, stripe.client), timeoutMs: 2_000 }),
    meters: [tokens],
    customers: (tenant) => `cus_${tenant}`,
    since: '2026-11-01T00:00:00Z',
    now: () => nowMs,
    random: () => 0,
    ...options,
  });
}

const sent = () =>
  stripe.events.map(({ payload, timestamp }) => [
    payload.stripe_customer_id,
    payload.value,
    (timestamp * 1_000 - startMs) / hourMs,
  ]);

describe('a run', () => {
  it('sends one event for each tenant, meter and hour, and never one again', async () => {
    await books.use(
      { tenant: 'acme', atMs: startMs + 0.25 * hourMs, tokens: 100 },
      { tenant: 'acme', atMs: startMs + 0.5 * hourMs, tokens: 50 },
      { tenant: 'acme', atMs: startMs + 1.5 * hourMs, tokens: 7, costNanoUsd: 900_000_000_000_001 },
      { tenant: 'beta', atMs: startMs + 0.75 * hourMs, tokens: 9 },
    );
    const cost = { name: 'ai_cost', quantity: 'costNanoUsd' } as const;
    expect(await biller({ meters: [tokens, cost] }).run()).toMatchObject({ taken: 6 - 2, failed: 0 });
    expect(sent().sort()).toEqual([
      ['cus_acme', '150', 0.5],
      ['cus_acme', '7', 1.5],
      ['cus_acme', '900000000000001', 1.5],
      ['cus_beta', '9', 0.75],
    ]);
    expect(await biller({ meters: [tokens, cost] }).run()).toMatchObject({ written: 0, taken: 0 });
    expect(stripe.postCount).toBe(4);
  });

  it('waits for the end of an hour and a while more, and starts at "since"', async () => {
    await books.use(
      { tenant: 'acme', atMs: startMs - 1, tokens: 1_000 },
      { tenant: 'acme', atMs: nowMs - 1, tokens: 1 },
    );
    expect(await biller().run()).toMatchObject({ written: 0 });
    nowMs += 299_999;
    expect(await biller().run()).toMatchObject({ written: 0 });
    nowMs += 1;
    expect(await biller().run()).toMatchObject({ taken: 1 });
    expect(sent()).toEqual([['cus_acme', '1', expect.closeTo(10, 2)]]);
  });

  it('sends what comes late as a further event of the same hour, and a correction as a negative one', async () => {
    await books.use({ tenant: 'acme', atMs: startMs, tokens: 100 });
    await biller().run();
    await books.use({ tenant: 'acme', atMs: startMs + 1_000, tokens: 11 });
    await biller().run();
    await books.use({ tenant: 'acme', atMs: startMs + 1_000, tokens: -40, kind: 'adjustment' });
    await biller().run();
    expect(sent().map(([, value]) => value)).toEqual(['100', '11', '-40']);
    expect(new Set(stripe.events.map(({ identifier }) => identifier)).size).toBe(3);
    expect(await biller({ slice: 'day' }).run()).toMatchObject({ written: 0 });
  });

  it('bills what "where" names', async () => {
    await books.use(
      { tenant: 'acme', atMs: startMs, tokens: 3, model: 'a' },
      { tenant: 'acme', atMs: startMs, tokens: 5, model: 'b' },
      { tenant: 'acme', atMs: startMs, tokens: 7, model: "c'; drop table x" },
    );
    await biller({ meters: [{ ...tokens, where: { model: ['a', "c'; drop table x"] } }] }).run();
    expect(sent()).toEqual([['cus_acme', '10', 0]]);
  });

  it('writes and sends each event once, however many processes run at once', async () => {
    const rows = Array.from({ length: 60 }, (_, index) => ({
      tenant: `t${index % 20}`,
      atMs: startMs + (index % 3) * hourMs,
      tokens: 1 + index,
    }));
    await books.use(...rows);
    const runs = await Promise.all(Array.from({ length: 6 }, () => biller().run()));
    expect(runs.reduce((sum, { taken }) => sum + taken, 0)).toBe(60);
    expect(stripe.postCount).toBe(60);
    expect(stripe.events.reduce((sum, { payload }) => sum + Number(payload.value), 0)).toBe(
      rows.reduce((sum, row) => sum + row.tokens, 0),
    );
  });

  it('keeps usage of a tenant that nobody pays for, and sends it once there is somebody', async () => {
    await books.use({ tenant: 'acme', atMs: startMs, tokens: 5 });
    expect(await biller({ customers: {} }).run()).toMatchObject({ withoutCustomer: 1, taken: 0 });
    expect((await biller().status()).open).toMatchObject([{ reason: 'no customer for this tenant' }]);
    nowMs += hourMs;
    expect(await biller({ customers: { acme: 'cus_new' } }).run()).toMatchObject({ taken: 1 });
  });
});

describe('usage older than Stripe takes', () => {
  it('is dated to the time it is sent', async () => {
    await books.use({ tenant: 'acme', atMs: startMs, tokens: 5 });
    nowMs = startMs + 40 * dayMs;
    expect(await biller().run()).toMatchObject({ taken: 1 });
    expect(stripe.events[0]?.timestamp).toBe(nowMs / 1_000);
  });

  it('is set aside instead on request, until somebody decides', async () => {
    await books.use({ tenant: 'acme', atMs: startMs, tokens: 5 });
    nowMs = startMs + 40 * dayMs;
    const strict = biller({ lateUsage: 'set-aside' });
    expect(await strict.run()).toMatchObject({ written: 1, taken: 0 });
    const [open] = (await strict.status()).open;
    expect(open).toMatchObject({
      state: 'set_aside',
      reason: 'older than the provider takes',
      quantity: '5',
    });
    expect(stripe.postCount).toBe(0);
    expect(await strict.resolve(open?.identifier ?? '', 'send')).toBe(true);
    expect(await strict.run()).toMatchObject({ taken: 1 });
    expect(await strict.resolve(open?.identifier ?? '', 'send')).toBe(false);
  });
});

describe('the options of billing()', () => {
  it('are checked at the start', () => {
    for (const [wrong, message] of [
      [{ since: '2026-11-01T00:30:00Z' }, /"since" must be the start of an hour in UTC/],
      [{ since: '2026-11-01T01:00:00Z', slice: 'day' }, /the start of a day/],
      [{ meters: [] }, /"meters" must be an array of one meter or more/],
      [{ meters: [tokens, tokens] }, /two meters are called "ai_tokens"/],
      [{ meters: [{ ...tokens, quantity: 'words' }] }, /meter 1: "quantity" must be one of/],
      [{ meters: [{ ...tokens, where: { modle: 'x' } }] }, /unknown field "modle" in "where"/],
      [{ setleMs: 1 }, /unknown option "setleMs".*did you mean "settleMs"/],
    ] as [Partial<BillingOptions>, RegExp][]) {
      expect(() => biller(wrong)).toThrow(message);
    }
  });
});
