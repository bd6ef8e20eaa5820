import { describe, expect, it } from '@jest/globals';
import type { Caller, LimitOverride } from '@tollgate/core';
import type { LimitOverrides } from '@tollgate/core/internal';
import { createManualClock } from '@tollgate/testkit';
import request from 'supertest';
import { memoryKeys, memoryOverrides } from '../src/index.js';
import { appWith } from './app.js';

const spend = (limit: string, more: Partial<LimitOverride> = {}): LimitOverride => ({
  tenant: 'acme',
  kind: 'spend',
  limit,
  ...more,
});

function world(overrides: LimitOverrides) {
  const clock = createManualClock();
  const keys = memoryKeys([], { now: clock.now });
  const { key, keyId } = keys.create({ tenant: 'acme', team: 'data', plan: 'pro' });
  const app = appWith({ keys, overrides, now: clock.now, storeDeadlineMs: 30 });
  const send = () => request(app).get('/v1').set('x-api-key', key);
  const limits = async (): Promise<Caller['limits']> => (await send().expect(200)).body.caller.limits;
  const amounts = async () =>
    Object.fromEntries(((await limits())?.limits ?? []).map(({ name, amount }) => [name, amount / 1e9]));
  return { clock, keyId, send, limits, amounts };
}

/** Overrides whose look-ups are counted and can fail, and that tell nobody of changes. */
function quiet(overrides: LimitOverrides) {
  const asked: string[] = [];
  const state = { down: false };
  const find = async (tenant: string) => {
    asked.push(tenant);
    if (state.down) throw new Error('connection lost');
    return overrides.find(tenant);
  };
  return { asked, state, overrides: { find } };
}

describe('overrides', () => {
  it('become limits of the caller: those of its tenant, team, user and key, and of nobody else', async () => {
    const overrides = memoryOverrides([
      spend('$500/month'),
      spend('$100/month', { team: 'data' }),
      spend('$1/month', { team: 'other' }),
      spend('$2/month', { user: 'u1' }),
      spend('$3/month', { tenant: 'globex' }),
    ]);
    const { amounts, keyId } = world(overrides);
    overrides.set(spend('$5/day', { keyId }));
    expect(await amounts()).toEqual({ 'usd-month-tenant': 500, 'usd-month-team': 100, 'usd-day-key': 5 });
  });

  it('of the narrower subject win where both are about the same counter', async () => {
    const overrides = memoryOverrides([spend('$50/month', { by: 'key' })]);
    const { amounts, keyId } = world(overrides);
    expect(await amounts()).toEqual({ 'usd-month-key': 50 });
    overrides.set(spend('$80/month', { keyId }));
    expect(await amounts()).toEqual({ 'usd-month-key': 80 });
    overrides.clear({ tenant: 'acme', keyId });
    expect(await amounts()).toEqual({ 'usd-month-key': 50 });
  });

  it('that are set again replace what was set before, however the period is written', async () => {
    const overrides = memoryOverrides([spend('$5/d'), spend('$6/day')]);
    const { amounts, limits } = world(overrides);
    expect(await amounts()).toEqual({ 'usd-day-tenant': 6 });
    overrides.clear({ tenant: 'acme', kind: 'spend' });
    expect(await limits()).toBeUndefined();
  });

  it('are looked up once for many requests, and again behind the scenes: a change is seen within 5 seconds', async () => {
    const memory = memoryOverrides([spend('$5/day')]);
    const { asked, overrides } = quiet(memory);
    const { clock, amounts } = world(overrides);
    for (let round = 0; round < 3; round += 1) await amounts();
    expect(asked).toEqual(['acme']);
    memory.set(spend('$9/day'));
    clock.advance(4_999);
    await amounts();
    expect(asked).toHaveLength(2);
    clock.advance(1);
    expect(await amounts()).toEqual({ 'usd-day-tenant': 9 });
  });

  it('that are known hold while the store is away; of a tenant never looked up it is 503, not the plan', async () => {
    const { state, overrides } = quiet(memoryOverrides([spend('$5/day')]));
    const known = world(overrides);
    await known.amounts();
    state.down = true;
    known.clock.advance(3_600_000);
    expect(await known.amounts()).toEqual({ 'usd-day-tenant': 5 });
    const answer = await world(overrides).send().expect(503);
    expect(answer.body.error.code).toBe('store_unavailable');
    expect(answer.headers['retry-after']).toBe('2');
  });

  it('that are wrong in the store refuse their tenant instead of limiting nothing', async () => {
    const wrong = { find: async () => [spend('all of it')] };
    await world(wrong).send().expect(503);
  });

  it('that are wrong are refused where they are set', () => {
    const overrides = memoryOverrides();
    const refused = (override: LimitOverride, message: RegExp) =>
      expect(() => overrides.set(override)).toThrow(message);
    refused(spend('5/day'), /spend must be a limit such as/);
    refused(spend('$5/day', { team: 'a', user: 'b' }), /at most one of/);
    refused(spend('$5/day', { keyId: 'k1', by: 'tenant' }), /as narrow as/);
    refused(spend('$5/day', { kind: 'concurrent' }), /concurrent must be a number/);
    refused(spend('$5/day', { kind: 'money' as never }), /"kind" must be one of/);
    refused({ ...spend('$5/day'), amount: 5 } as never, /unknown option "amount"/);
  });
});
