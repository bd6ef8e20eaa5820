import { describe, expect, it } from '@jest/globals';
import { keyCallers, memoryKeys } from '../src/index.js';

describe('keyCallers', () => {
  const clock = { nowMs: Date.parse('2026-11-21T08:00:00Z') };
  const now = () => clock.nowMs;

  it('looks a caller up as its key is now, and knows it no more once the key is revoked or expired', async () => {
    const keys = memoryKeys([], { now });
    const callers = keyCallers({ keys, now });
    const { keyId } = keys.create({ tenant: 'acme', plan: 'free', scopes: ['chat'] });
    const then = { id: keyId, keyId, tenant: 'acme', plan: 'pro', scopes: [], labels: {} };
    expect(await callers(then)).toMatchObject({
      id: keyId,
      keyId,
      tenant: 'acme',
      plan: 'free',
      scopes: ['chat'],
    });
    keys.revoke(keyId);
    expect(await callers(then)).toBeUndefined();
    const soon = keys.create({ tenant: 'acme', plan: 'free', expiresAtMs: clock.nowMs + 1_000 });
    const short = { ...then, id: soon.keyId, keyId: soon.keyId };
    expect(await callers(short)).toBeDefined();
    clock.nowMs += 1_000;
    expect(await callers(short)).toBeUndefined();
  });

  it('knows nobody who came with a token or a child credential, nor a key of another tenant', async () => {
    const keys = memoryKeys([], { now });
    const callers = keyCallers({ keys, now });
    const { keyId } = keys.create({ tenant: 'acme', plan: 'free' });
    const then = { id: keyId, keyId, tenant: 'acme', plan: 'free', scopes: [], labels: {} };
    expect(await callers(then)).toBeDefined();
    expect(await callers({ ...then, keyId: undefined })).toBeUndefined();
    expect(await callers({ ...then, childId: 'child' })).toBeUndefined();
    expect(await callers({ ...then, tenant: 'rival' })).toBeUndefined();
  });

  it('rejects while the store is away', async () => {
    const callers = keyCallers({ keys: { find: () => Promise.reject(new Error('gone')) }, now });
    await expect(
      callers({ id: 'k', keyId: 'k', tenant: 'a', plan: 'p', scopes: [], labels: {} }),
    ).rejects.toThrow('gone');
  });
});
