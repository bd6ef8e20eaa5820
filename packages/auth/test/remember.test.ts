import { describe, expect, it } from '@jest/globals';
import type { ApiKeyRecord } from '@tollgate/core/internal';
import { createManualClock } from '@tollgate/testkit';
import request from 'supertest';
import { CredentialMemory, fingerprintOf } from '../src/credential-memory.js';
import { type AuthenticateOptions, memoryKeys } from '../src/index.js';
import { appWith } from './app.js';
import { slowStore } from './slow-store.js';

function setUp(options: Partial<AuthenticateOptions> = {}) {
  const clock = createManualClock();
  const keys = memoryKeys([], { now: clock.now });
  const issued = keys.create({ tenant: 'acme', plan: 'pro' });
  const store = slowStore(keys);
  const app = appWith({ keys: store, now: clock.now, storeDeadlineMs: 30, ...options });
  const send = (key: string = issued.key) => request(app).get('/v1').set('x-api-key', key);
  /** Lets a look-up behind the scenes end. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { clock, keys, store, send, settle, ...issued };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe('a verified key', () => {
  it('is remembered: further requests ask no store', async () => {
    const { store, send } = setUp();
    for (let round = 0; round < 5; round += 1) await send().expect(200);
    expect(store.asked).toHaveLength(1);
  });

  it('is looked up once for requests that come together', async () => {
    const { store, send } = setUp();
    const answers = await Promise.all(Array.from({ length: 50 }, () => send()));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(store.asked).toHaveLength(1);
  });

  it('is looked up again after 5 seconds, whatever rememberMs says', async () => {
    const { clock, keys, keyId, send } = setUp({ rememberMs: 60_000 });
    await send().expect(200);
    keys.revoke(keyId);
    clock.advance(5_000);
    const answer = await send().expect(401);
    expect(answer.body.error.code).toBe('key_revoked');
  });

  it('that is used all the time is looked up behind the scenes, and takes on what changed', async () => {
    const { clock, keys, keyId, store, send, settle } = setUp();
    await send().expect(200);
    clock.advance(2_500);
    await send().expect(200);
    await settle();
    expect(store.asked).toHaveLength(2);
    clock.advance(2_499);
    await send().expect(200);
    expect(store.asked).toHaveLength(2);
    keys.revoke(keyId);
    clock.advance(1);
    await send().expect(200);
    await settle();
    await send().expect(401);
  });

  it('is looked up again when the clock has stepped back', async () => {
    const { clock, store, send } = setUp();
    await send().expect(200);
    clock.set(clock.now() - 60_000);
    await send().expect(200);
    expect(store.asked).toHaveLength(2);
  });

  it('is looked up every time with rememberMs: 0', async () => {
    const { store, send } = setUp({ rememberMs: 0 });
    await send().expect(200);
    await send().expect(200);
    expect(store.asked).toHaveLength(2);
  });

  it('expires to the millisecond, remembered or not', async () => {
    const { clock, keys, keyId, send } = setUp();
    keys.expire(keyId, clock.now() + 1_000);
    await send().expect(200);
    clock.advance(999);
    await send().expect(200);
    clock.advance(1);
    const answer = await send().expect(401);
    expect(answer.body.error.code).toBe('key_expired');
  });

  it('that is revoked in this process is refused with the very next request', async () => {
    const { clock, keys, keyId, key } = setUp();
    const app = appWith({ keys, now: clock.now });
    await request(app).get('/v1').set('x-api-key', key).expect(200);
    keys.revoke(keyId);
    const answer = await request(app).get('/v1').set('x-api-key', key).expect(401);
    expect(answer.body.error).toMatchObject({
      code: 'key_revoked',
      message: 'The API key has been revoked.',
    });
  });

  it('works with both secrets while a rotation overlaps, then only with the new one', async () => {
    const { clock, keys, keyId, key } = setUp();
    const app = appWith({ keys, now: clock.now });
    const send = (text: string) => request(app).get('/v1').set('x-api-key', text);
    await send(key).expect(200);
    const second = keys.rotate(keyId, { overlapMs: 60_000 });
    expect(second.keyId).toBe(keyId);
    await send(key).expect(200);
    const answer = await send(second.key).expect(200);
    expect(answer.body.caller.id).toBe(keyId);
    clock.advance(60_000);
    expect((await send(key).expect(401)).body.error.code).toBe('key_expired');
    await send(second.key).expect(200);
    const third = keys.rotate(keyId, { overlapMs: 0 });
    await send(second.key).expect(401);
    await send(third.key).expect(200);
    expect((await send(key).expect(401)).body.error.code).toBe('invalid_api_key');
  });

  it('hears of a revocation also from a look-up that was under way', async () => {
    const { clock, keys, keyId, key } = setUp();
    const { promise: held, resolve: release } = deferred();
    const { promise: asked, resolve: tellAsked } = deferred();
    const late = {
      ...keys,
      find: async (id: string): Promise<ApiKeyRecord | undefined> => {
        const record = await keys.find(id);
        tellAsked();
        await held;
        return record;
      },
    };
    const app = appWith({ keys: late, now: clock.now });
    const first = request(app)
      .get('/v1')
      .set('x-api-key', key)
      .then(({ status }) => status);
    await asked;
    keys.revoke(keyId);
    release();
    expect(await first).toBe(200);
    await request(app).get('/v1').set('x-api-key', key).expect(401);
  });

  it('does not tell a wrong secret from an unknown id', async () => {
    const { keys, keyId, send } = setUp();
    const wrong = memoryKeys([
      { ...(await keys.find(keyId)), keyId, tenant: 'x', plan: 'x', scopes: [], secrets: [] },
    ]);
    const guess = wrong.rotate(keyId, { overlapMs: 0 }).key;
    const unknown = memoryKeys().create({ tenant: 'x', plan: 'x' }).key;
    const [one, other] = [await send(guess).expect(401), await send(unknown).expect(401)];
    expect(one.body.error).toEqual(other.body.error);
    expect(one.headers['www-authenticate']).toBe(other.headers['www-authenticate']);
  });
});

describe('while the key store is away', () => {
  for (const how of ['fail', 'hang'] as const) {
    it(`known keys are let in for 60 seconds, then 503 (store: ${how})`, async () => {
      const { clock, store, send } = setUp();
      await send().expect(200);
      store.behave(how);
      clock.advance(5_000);
      await send().expect(200);
      clock.advance(54_999);
      await send().expect(200);
      clock.advance(1);
      const answer = await send().expect(503);
      expect(answer.body.error.code).toBe('store_unavailable');
      expect(answer.headers['retry-after']).toBe('2');
      expect(answer.headers['www-authenticate']).toBeUndefined();
      store.behave('answer');
      clock.advance(1_000);
      await send().expect(200);
    });
  }

  it('an expired key is refused nevertheless', async () => {
    const { clock, keys, keyId, store, send } = setUp();
    keys.expire(keyId, clock.now() + 10_000);
    await send().expect(200);
    store.behave('fail');
    clock.advance(10_000);
    await send().expect(503);
  });

  it('it is left alone for a second after three failures, then one request probes', async () => {
    const { clock, store, send } = setUp();
    store.behave('fail');
    for (let round = 0; round < 10; round += 1) await send().expect(503);
    expect(store.asked).toHaveLength(3);
    clock.advance(1_000);
    for (let round = 0; round < 5; round += 1) await send().expect(503);
    expect(store.asked).toHaveLength(4);
    store.behave('answer');
    clock.advance(1_000);
    await send().expect(200);
  });

  it('a store that throws before it answers is a store that is away', async () => {
    const { key, clock } = setUp();
    const broken = {
      find(): Promise<undefined> {
        throw new TypeError('not connected');
      },
    };
    await request(appWith({ keys: broken, now: clock.now }))
      .get('/v1')
      .set('x-api-key', key)
      .expect(503);
  });

  it('no failure is counted against the network', async () => {
    const { clock, store, send } = setUp({ failures: { max: 1 } });
    store.behave('fail');
    for (let round = 0; round < 5; round += 1) await send().expect(503);
    store.behave('answer');
    clock.advance(1_000);
    await send().expect(200);
  });
});

describe('the memory', () => {
  const entry = (id: string) => ({
    caller: { id, keyId: id, tenant: 't', plan: 'p', scopes: [], labels: {} },
    checkedAtMs: 0,
    validUntilMs: 1,
    refreshing: false,
    used: false,
  });

  it('never holds more than it was told, and keeps what is used', () => {
    const memory = new CredentialMemory(100);
    memory.set('busy', entry('busy'));
    for (let index = 0; index < 10_000; index += 1) {
      memory.set(String(index), entry(String(index)));
      memory.get('busy');
      expect(memory.size).toBeLessThanOrEqual(100);
    }
    expect(memory.get('busy')).toBeDefined();
    expect(memory.get('9999')).toBeDefined();
    expect(memory.get('0')).toBeUndefined();
  });

  it('forgets every secret of a key', () => {
    const memory = new CredentialMemory(10);
    memory.set('a', entry('one'));
    memory.set('b', entry('one'));
    memory.set('c', entry('two'));
    memory.forget('one');
    expect([memory.get('a'), memory.get('b'), memory.get('c')?.caller.id]).toEqual([
      undefined,
      undefined,
      'two',
    ]);
  });

  it('knows credentials by their SHA-256 only', () => {
    expect(fingerprintOf('secret')).toBe('K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols');
  });
});
