import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type SimulatedStripe, simulateStripe } from '@tollgate/testkit';
import Stripe from 'stripe';
import { type Billing, type BillingOptions, billing, stripeMeters } from '../src/index.js';
import { type LedgerStandIn, ledgerStandIn } from './ledger-stand-in.js';

const hourMs = 3_600_000;
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
  stripe = await simulateStripe({ meters: ['ai_tokens'], now: () => nowMs });
});
afterEach(() => stripe.close());

function biller(options: Partial<BillingOptions> = {}, key = stripe.apiKey): Billing {
  return billing({
    database: books,
    provider: stripeMeters({ stripe: new Stripe(key, stripe.client), timeoutMs: 2_000 }),
    meters: [{ name: 'ai_tokens', quantity: 'tokens' }],
    customers: (tenant) => `cus_${tenant}`,
    since: '2026-11-01T00:00:00Z',
    now: () => nowMs,
    random: () => 0,
    ...options,
  });
}

const values = () => stripe.events.map(({ payload }) => payload.value);
const use = (tokens: number, tenant = 'acme') => books.use({ tenant, atMs: startMs, tokens });
const open = async () => (await biller().status()).open;

describe('sending', () => {
  it('tries again after a pause when Stripe fails, and no sooner than Retry-After says', async () => {
    await use(5);
    stripe.fail({ when: 'before', status: 500 }, { when: 'before', status: 429, retryAfterSeconds: 90 });
    expect(await biller().run()).toMatchObject({ failed: 1, taken: 0 });
    expect(await biller().run()).toMatchObject({ failed: 0, taken: 0 });
    nowMs += 2_000;
    expect(await biller().run()).toMatchObject({ failed: 1 });
    expect(await open()).toMatchObject([{ reason: 'Simulated 429.', attempts: 2, state: 'waiting' }]);
    nowMs += 89_999;
    expect(await biller().run()).toMatchObject({ failed: 0, taken: 0 });
    nowMs += 1;
    expect(await biller().run()).toMatchObject({ taken: 1 });
    expect(values()).toEqual(['5']);
  });

  it('takes an event that Stripe has had already for taken', async () => {
    await use(5);
    stripe.fail({ when: 'after', status: 500 }, { when: 'after', status: 502 });
    for (let round = 0; round < 3; round += 1) {
      await biller().run();
      nowMs += hourMs;
    }
    expect(stripe.postCount).toBe(3);
    expect(values()).toEqual(['5']);
    expect((await biller().status()).meters).toEqual([
      { meter: 'ai_tokens', state: 'taken', events: 1, quantity: '5' },
    ]);
  });

  it('looks for an event whose identifier Stripe has forgotten before it sends it again: it is there', async () => {
    await use(5);
    stripe.fail({ when: 'after', status: 500 });
    await biller().run();
    nowMs += 26 * hourMs;
    expect(await biller().run()).toMatchObject({ taken: 1 });
    expect([stripe.postCount, values()]).toEqual([1, ['5']]);
  });

  it('looks for it, and sends it when it is not there', async () => {
    await use(5);
    stripe.fail({ when: 'before', status: 500 });
    await biller().run();
    nowMs += 26 * hourMs;
    await biller().run();
    expect(await biller().run()).toMatchObject({ taken: 1 });
    expect([stripe.postCount, values()]).toEqual([2, ['5']]);
  });

  it('sets it aside when Stripe counts neither with it nor without it, until somebody decides', async () => {
    await use(5);
    stripe.fail({ when: 'after', status: 500 });
    await biller().run();
    await new Stripe(stripe.apiKey, stripe.client).billing.meterEvents.create({
      event_name: 'ai_tokens',
      payload: { stripe_customer_id: 'cus_acme', value: '3' },
      identifier: 'by-hand',
      timestamp: startMs / 1_000,
    });
    nowMs += 26 * hourMs;
    expect(await biller().run()).toMatchObject({ setAside: 1 });
    const [event] = await open();
    expect(event).toMatchObject({ reason: 'unclear whether it arrived: 8 there, 0 noted as taken' });
    expect(await biller().resolve(event?.identifier ?? '', 'taken')).toBe(true);
    expect((await biller().status()).open).toEqual([]);
    expect(values()).toEqual(['5', '3']);
  });

  it('sets aside what Stripe refuses, goes on with the rest, and sends it on request', async () => {
    await use(5, 'acme');
    await use(1e15, 'beta');
    expect(await biller().run()).toMatchObject({ taken: 1, setAside: 1 });
    expect(await open()).toMatchObject([
      { tenant: 'beta', state: 'set_aside', reason: 'Invalid value: 1000000000000000' },
    ]);
    expect(await biller().run()).toMatchObject({ taken: 0, setAside: 0 });
    expect(stripe.postCount).toBe(2);
  });

  it('keeps everything while the API key is wrong', async () => {
    await use(5);
    expect(await biller({}, 'sk_test_wrong').run()).toMatchObject({ failed: 1, setAside: 0 });
    expect((await open())[0]?.reason).toContain('Invalid API Key');
    nowMs += 2 * hourMs;
    expect(await biller().run()).toMatchObject({ taken: 1 });
  });

  it('stops where nothing can be sent, instead of asking for each event', async () => {
    for (let index = 0; index < 40; index += 1) await use(1, `t${index}`);
    stripe.fail(...Array.from({ length: 40 }, () => ({ when: 'before', status: 503 }) as const));
    expect(await biller({ concurrency: 4 }).run()).toMatchObject({ written: 40, failed: 4 });
    expect(stripe.postCount).toBe(4);
  });

  it('leaves an event to the process that has it, until that one has been gone for the time of a claim', async () => {
    await use(5);
    let arrived = (): void => undefined;
    const inFlight = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const meanwhile = () => {
      arrived();
      return held;
    };
    stripe.fail({ when: 'after', status: 200, meanwhile });
    const slow = biller({ claimMs: 60_000 }).run();
    await inFlight;
    nowMs += 59_999;
    expect(await biller().run()).toMatchObject({ taken: 0 });
    nowMs += 1;
    expect(await biller().run()).toMatchObject({ taken: 1 });
    release();
    await slow;
    expect([stripe.postCount, values()]).toEqual([2, ['5']]);
  });
});

describe('reconcile', () => {
  it('agrees when everything is taken, and says what differs', async () => {
    await use(5);
    await use(7, 'beta');
    await biller().run();
    const october = { from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z' };
    const same = { waiting: '0', setAside: '0', agrees: true };
    expect(await biller().reconcile(october)).toEqual([
      {
        meter: 'ai_tokens',
        customer: 'cus_acme',
        tenants: ['acme'],
        used: '5',
        taken: '5',
        dated: '5',
        provider: '5',
        ...same,
      },
      {
        meter: 'ai_tokens',
        customer: 'cus_beta',
        tenants: ['beta'],
        used: '7',
        taken: '7',
        dated: '7',
        provider: '7',
        ...same,
      },
    ]);
    await use(1);
    await new Stripe(stripe.apiKey, stripe.client).billing.meterEvents.create({
      event_name: 'ai_tokens',
      payload: { stripe_customer_id: 'cus_beta', value: '100' },
      identifier: 'by-hand',
      timestamp: startMs / 1_000,
    });
    expect(await biller().reconcile(october)).toMatchObject([
      { customer: 'cus_acme', used: '6', taken: '5', agrees: false },
      { customer: 'cus_beta', used: '7', dated: '7', provider: '107', agrees: false },
    ]);
    await expect(biller().reconcile({ from: '2026-11-01', to: 'never' })).rejects.toThrow(
      /starts of hours in UTC/,
    );
  });
});
