import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { MemoryKeys } from '@tollgate/auth';
import type { CacheOptions } from '@tollgate/cache';
import { type CacheStore, memoryCache } from '@tollgate/core';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import express from 'express';
import { memoryKeys, openai, subscribe, type Tollgate, tollgate } from 'tollgate';

/** A store that shows, and lets a test change, what is in it. */
class OpenStore implements CacheStore {
  readonly kept = new Map<string, Uint8Array>();
  readonly asked: string[] = [];

  get(key: string): Uint8Array | undefined {
    this.asked.push(key);
    return this.kept.get(key);
  }

  set(key: string, bytes: Uint8Array): void {
    this.kept.set(key, bytes);
  }
}

interface World {
  readonly store: OpenStore;
  readonly keys: MemoryKeys;
  readonly provider: SimulatedProvider;
  readonly tg: Tollgate;
  /** Asks as whoever has the key. */
  ask(key: string, more?: { body?: object; headers?: Record<string, string> }): Promise<Asked>;
  close(): Promise<void>;
}

interface Asked {
  readonly status: number;
  readonly cache: string | null;
  readonly text: string;
}

const chat = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Whose is it?' }], temperature: 0 };

let world: World | undefined;
afterEach(() => world?.close());

async function start(cache: CacheOptions = {}, store: CacheStore = new OpenStore()): Promise<World> {
  const provider = await simulateProvider();
  const keys = memoryKeys();
  const plans = {
    rich: { spend: '$1/day', models: ['gpt-5-mini'] },
    poor: { spend: '$1/day', models: ['gpt-5-nano'] },
  };
  const tg: Tollgate = tollgate({ plans, keys, switch: true, cache: { store, ...cache } });
  const app = express();
  app.use(tg.guards());
  const at = openai({ apiKey: 'x', baseUrl: provider.openAiUrl });
  app.post('/v1/chat/completions', tg.proxy({ provider: at }));
  app.use(tg.errors());
  const server: Server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  world = {
    store: store as OpenStore,
    keys,
    provider,
    tg,
    async ask(key, { body = chat, headers = {} } = {}) {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      while (tg.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
      return { status: answer.status, cache: answer.headers.get('x-tollgate-cache'), text };
    },
    async close() {
      await tg.close();
      server.close();
      server.closeAllConnections();
      await provider.close();
    },
  };
  return world;
}

describe("an answer is its tenant's alone", () => {
  it('never given to another, whatever is in body and headers', async () => {
    const { keys, ask, store } = await start();
    const mine = keys.create({ tenant: 'acme', plan: 'rich' }).key;
    expect((await ask(mine)).cache).toBe('miss');
    expect((await ask(mine)).cache).toBe('hit');
    const theirs = keys.create({ tenant: 'other', plan: 'rich' }).key;
    const headers = {
      'x-tollgate-tenant': 'acme',
      'x-tollgate-labels': 'tenant=acme',
      'openai-organization': 'acme',
    };
    for (const body of [chat, { ...chat, metadata: { tenant: 'acme' } }, { ...chat, user: 'acme' }]) {
      expect(await ask(theirs, { body, headers })).toMatchObject({ status: 200, cache: 'miss' });
    }
    expect(store.kept.size).toBe(4);
  });

  it('names that run into each other are no way across', async () => {
    const { keys, ask } = await start({ by: 'user' });
    const first = keys.create({ tenant: 'a', user: 'b","c', plan: 'rich' }).key;
    const second = keys.create({ tenant: 'a","b', user: 'c', plan: 'rich' }).key;
    expect((await ask(first)).cache).toBe('miss');
    expect((await ask(second)).cache).toBe('miss');
  });

  it('shared by its keys; by a user or a key alone where the app says so', async () => {
    for (const [by, expected] of [
      ['tenant', ['miss', 'hit', 'hit']],
      ['user', ['miss', 'hit', 'miss']],
      ['key', ['miss', 'miss', 'miss']],
    ] as const) {
      const { keys, ask, close } = await start({ by });
      const seen: (string | null)[] = [];
      for (const user of ['ann', 'ann', 'bob']) {
        seen.push((await ask(keys.create({ tenant: 'acme', user, plan: 'rich' }).key)).cache);
      }
      expect({ by, seen }).toEqual({ by, seen: expected });
      await close();
    }
    world = undefined;
  });

  it('an answer that somebody put under its key is a miss, published as a fault', async () => {
    const { keys, ask, store } = await start();
    const mine = keys.create({ tenant: 'acme', plan: 'rich' }).key;
    const theirs = keys.create({ tenant: 'other', plan: 'rich' }).key;
    await ask(mine);
    await ask(theirs);
    const [[myKey, myAnswer] = [], [theirKey, theirAnswer] = []] = [...store.kept];
    if (!myKey || !myAnswer || !theirKey || !theirAnswer) throw new Error('two answers were kept');
    const seen: unknown[] = [];
    const ends = [
      subscribe('tollgate:fault', ({ where }) => seen.push(where)),
      subscribe('tollgate:cache', ({ outcome }) => seen.push(outcome)),
    ];
    const renamed = (bytes: Uint8Array, from: string, to: string): Buffer =>
      Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll(from, to), 'latin1');
    const forged = [
      theirAnswer,
      renamed(theirAnswer, theirKey, myKey),
      renamed(theirAnswer, '"other"', '"acme"'),
    ];
    for (const bytes of forged) {
      store.kept.set(myKey, bytes);
      expect(await ask(mine)).toMatchObject({ status: 200, cache: 'miss' });
    }
    expect(seen.filter((one) => one === 'wrong_envelope')).toHaveLength(3);
    expect(seen.filter((one) => one === 'cache.envelope')).toHaveLength(3);
    for (const end of ends) end();
    // What is no envelope at all is a miss as well.
    for (const bytes of ['', '{}\n', '[1]\n{}', 'x'.repeat(1_000), `{"version":1}\n{}`]) {
      store.kept.set(myKey, Buffer.from(bytes));
      expect(await ask(mine)).toMatchObject({ status: 200, cache: 'miss' });
    }
    expect((await ask(mine)).cache).toBe('hit');
  });

  it('not given to a caller whose plan, or whose key, does not have the model', async () => {
    const { keys, ask, provider } = await start();
    const rich = keys.create({ tenant: 'acme', plan: 'rich' }).key;
    await ask(rich);
    expect((await ask(rich)).cache).toBe('hit');
    const poor = keys.create({ tenant: 'acme', plan: 'poor' }).key;
    expect(await ask(poor)).toMatchObject({ status: 403, cache: null });
    expect(provider.requests).toHaveLength(1);
  });

  it('not given to a key that is switched off', async () => {
    const { keys, ask, tg } = await start();
    const { key, keyId } = keys.create({ tenant: 'acme', plan: 'rich' });
    await ask(key);
    expect((await ask(key)).cache).toBe('hit');
    const entry = {
      kind: 'key',
      name: keyId,
      reason: 'test',
      by: 'test',
      sinceMs: Date.now(),
      cutsRunning: false,
    } as const;
    await tg.switch?.turnOff(entry);
    expect(await ask(key)).toMatchObject({ status: 403, cache: null });
  });

  it('a store that fails, or is late, is a miss', async () => {
    const never = new Promise<undefined>(() => undefined);
    const stores: CacheStore[] = [
      { get: () => Promise.reject(new Error('away')), set: () => Promise.reject(new Error('away')) },
      { get: () => never, set: () => never },
      {
        get: () => {
          throw new Error('broken');
        },
        set: () => {
          throw new Error('broken');
        },
      },
    ];
    for (const store of stores) {
      const { keys, ask, close } = await start({ storeDeadlineMs: 20 }, store);
      const { key } = keys.create({ tenant: 'acme', plan: 'rich' });
      for (const _ of [1, 2]) expect(await ask(key)).toMatchObject({ status: 200, cache: 'miss' });
      await close();
    }
    world = undefined;
  });

  it('a flood of answers takes no more memory than it may', async () => {
    const bounded = memoryCache({ maxBytes: 64_000 });
    const sizes = new Map<string, number>();
    const spied: CacheStore = {
      get: (key) => bounded.get(key),
      set: (key, bytes, ttlMs) => {
        sizes.set(key, bytes.length);
        return bounded.set(key, bytes, ttlMs);
      },
    };
    const { keys, ask } = await start({}, spied);
    const { key } = keys.create({ tenant: 'acme', plan: 'rich' });
    for (let seed = 0; seed < 120; seed += 1) await ask(key, { body: { ...chat, seed } });
    let keptBytes = 0;
    for (const [name, bytes] of sizes) if (bounded.get(name)) keptBytes += bytes;
    expect(sizes.size).toBe(120);
    expect(keptBytes).toBeLessThanOrEqual(64_000);
    expect(keptBytes).toBeGreaterThan(10_000);
  });
});
