import { describe, expect, it } from '@jest/globals';
import type { Caller } from '@tollgate/core';
import fc from 'fast-check';
import { childCredentials, memoryKeys } from '../src/index.js';
import { isModelWithin, sharedModels } from '../src/narrowing.js';
import { childSecret, childWorld } from './child-world.js';

const own: Caller = {
  id: 'u1',
  tenant: 'globex',
  user: 'u1',
  plan: 'free',
  scopes: ['chat', 'admin'],
  labels: { from: 'sso' },
};

describe('a child credential', () => {
  it('comes in as its parent, with what it was narrowed to', async () => {
    const { children, parent, callerOf, keyId } = childWorld();
    const child = await children.mint(await parent(), {
      scopes: ['chat'],
      models: ['gpt-5-mini'],
      limits: { spend: '$0.50', requests: '100' },
      labels: { page: 'help', app: 'another' },
    });
    expect(child.token).toMatch(/^tg_child_/);
    expect(await callerOf(child.token)).toMatchObject({
      tenant: 'acme',
      plan: 'pro',
      keyId,
      childId: child.id,
      scopes: ['chat'],
      models: ['gpt-5-mini'],
      labels: { page: 'help', app: 'support' },
      limits: {
        limits: [
          { name: 'usd-child', amount: 500_000_000, scope: ['child'] },
          { name: 'requests-child', amount: 100, scope: ['child'] },
        ],
      },
    });
  });

  it('has what its parent has where nothing is narrowed, and no more when the parent gains more', async () => {
    const { children, parent, callerOf } = childWorld();
    const { token } = await children.mint(await parent());
    expect(await callerOf(token)).toMatchObject({
      scopes: ['chat', 'summarize'],
      models: ['gpt-5*', 'claude-sonnet-5'],
    });
  });

  it('is minted on behalf of a caller without a key as well, and then costs no look-up of a key', async () => {
    const { children, callerOf, store } = childWorld();
    const { token } = await children.mint(own, { scopes: ['chat'] });
    expect(await callerOf(token)).toMatchObject({
      id: 'u1',
      tenant: 'globex',
      plan: 'free',
      scopes: ['chat'],
    });
    expect(store.asked).toHaveLength(0);
  });

  it('is remembered, and ends at its time to the second', async () => {
    const { children, parent, send, clock, store } = childWorld();
    const { token, expiresAtMs } = await children.mint(await parent(), { expiresInMs: 3_000 });
    for (let round = 0; round < 3; round += 1) await send(token).expect(200);
    expect(store.asked).toHaveLength(2);
    clock.set(expiresAtMs - 1);
    await send(token).expect(200);
    clock.set(expiresAtMs);
    const answer = await send(token).expect(401);
    expect(answer.body.error).toMatchObject({
      code: 'invalid_token',
      message: 'The credential has expired.',
    });
  });

  it('is refused at once in this process when it, or its parent, is revoked', async () => {
    const { children, parent, send, keys, keyId } = childWorld();
    const [one, other] = [await children.mint(await parent()), await children.mint(await parent())];
    await send(one.token).expect(200);
    await send(other.token).expect(200);
    await children.revoke(one.id);
    await send(one.token).expect(401);
    await send(other.token).expect(200);
    keys.revoke(keyId);
    await send(other.token).expect(401);
  });

  it('is refused with all others of its parent, and so are those minted within the next 5 seconds', async () => {
    const { children, parent, send, keyId, clock } = childWorld();
    const before = await children.mint(await parent());
    await children.revokeAllOf(keyId);
    const soon = await children.mint(await parent());
    clock.advance(5_001);
    const later = await children.mint(await parent());
    await send(before.token).expect(401);
    await send(soon.token).expect(401);
    await send(later.token).expect(200);
    const ofCode = await children.mint(own);
    await children.revokeAllOf(own);
    await send(ofCode.token).expect(401);
  });

  it('is refused everywhere within 5 seconds where nobody tells of the revocation', async () => {
    const quiet = childWorld();
    const { revocations, keys } = childCredentials({ secret: childSecret, now: quiet.clock.now });
    const { onChange: _, ...silent } = revocations;
    const { children, parent, send, clock } = childWorld(
      {},
      { children: { ...quiet.children, keys, revocations: silent } },
    );
    const { token, id } = await children.mint(await parent());
    await send(token).expect(200);
    await revocations.revoke(id);
    clock.advance(4_999);
    await send(token);
    clock.advance(1);
    await send(token).expect(401);
  });

  it('ends with its parent, whatever its own time, and outlives a rotation of it', async () => {
    const { children, parent, send, keys, keyId, clock } = childWorld();
    const { token } = await children.mint(await parent(), { expiresInMs: 60_000 });
    keys.rotate(keyId, { overlapMs: 0 });
    await send(token).expect(200);
    keys.expire(keyId, clock.now() + 2_000);
    await send(token).expect(200);
    clock.advance(2_000);
    await send(token).expect(401);
  });

  it('is narrowed with its parent: what the parent has lost since, it has lost too', async () => {
    const { clock } = childWorld();
    const wide = memoryKeys([], { now: clock.now });
    const { keyId } = wide.create({
      tenant: 'acme',
      plan: 'pro',
      scopes: ['chat', 'summarize'],
      models: ['gpt-5*'],
    });
    const [record] = wide.list();
    const children = childCredentials({ secret: childSecret, now: clock.now });
    const { token } = await children.mint({
      ...own,
      keyId,
      scopes: ['chat', 'summarize'],
      models: ['gpt-5*'],
    });
    if (!record) throw new Error('no record');
    const narrow = { find: async () => ({ ...record, scopes: ['chat'], models: ['gpt-5-mini', 'o9'] }) };
    const { callerOf } = childWorld({}, { keys: narrow, children });
    expect(await callerOf(token)).toMatchObject({ scopes: ['chat'], models: ['gpt-5-mini'] });
  });

  it('is verified by every secret of the list, and signed by the first', async () => {
    const { clock, parent } = childWorld();
    const next = 'another secret of at least thirty-two bytes';
    const old = childCredentials({ secret: childSecret, now: clock.now });
    const rotated = childCredentials({ secret: [next, childSecret], now: clock.now });
    const only = childCredentials({ secret: next, now: clock.now });
    const { token } = await old.mint(own);
    await childWorld({}, { children: rotated }).send(token).expect(200);
    await childWorld({}, { children: only }).send(token).expect(401);
    await childWorld({}, { children: only })
      .send((await rotated.mint(own)).token)
      .expect(200);
    await parent();
  });
});

describe('mint()', () => {
  it('refuses what is wider than the parent, and children of children', async () => {
    const { children, parent, callerOf } = childWorld();
    const caller = await parent();
    await expect(children.mint(caller, { scopes: ['chat', 'admin'] })).rejects.toThrow(/scope "admin"/);
    await expect(children.mint(caller, { models: ['gpt-4'] })).rejects.toThrow(/"gpt-4"/);
    await expect(children.mint(caller, { models: ['gpt-*'] })).rejects.toThrow(/"gpt-\*"/);
    await expect(children.mint(caller, { models: ['*'] })).rejects.toThrow(/"\*"/);
    await expect(children.mint(caller, { expiresInMs: 90_000_000 })).rejects.toThrow(/"expiresInMs"/);
    const child = await callerOf((await children.mint(caller)).token);
    await expect(children.mint(child)).rejects.toThrow(/cannot have children/);
  });

  it('refuses what is wrong or unknown, and credentials too long for a header', async () => {
    const { children } = childWorld();
    await expect(children.mint(own, { limits: { spend: '0.50' } })).rejects.toThrow(/mint: limits: spend/);
    await expect(children.mint(own, { limits: { spend: '$1/day' } })).rejects.toThrow(/mint: limits: spend/);
    await expect(children.mint(own, { limits: { money: '$1' } as never })).rejects.toThrow(
      /unknown option "money"/,
    );
    await expect(children.mint(own, { labels: { note: 'x'.repeat(9_000) } })).rejects.toThrow(/8192/);
    await expect(children.mint({} as Caller)).rejects.toThrow(/must be a caller/);
    await expect(children.revoke('x')).rejects.toThrow(/not the id/);
  });

  it('is told its secret in at least 32 bytes, which no message shows', () => {
    for (const secret of ['short-and-private', ['x'.repeat(32), 'short-and-private'], [], 7] as never[]) {
      let message = '';
      try {
        childCredentials({ secret });
      } catch (error) {
        message = String(error);
      }
      expect(message).toContain('32 bytes');
      expect(message).not.toContain('private');
    }
  });
});

describe('models that parent and child share', () => {
  const pattern = fc.stringMatching(/^[ab]{0,3}\*?$/).filter((text) => text !== '');
  const model = fc.stringMatching(/^[ab]{1,4}$/);
  const allows = (patterns: readonly string[], name: string): boolean =>
    patterns.some((one) => isModelWithin(name, one));

  it('are exactly those that both allow', () => {
    fc.assert(
      fc.property(fc.array(pattern), fc.array(pattern), model, (left, right, name) => {
        const shared = sharedModels(left, right) ?? [];
        expect(allows(shared, name)).toBe(allows(left, name) && allows(right, name));
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
