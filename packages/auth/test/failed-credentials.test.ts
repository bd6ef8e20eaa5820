import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { forgetWarnings } from '@tollgate/core/internal';
import { createManualClock } from '@tollgate/testkit';
import express from 'express';
import request from 'supertest';
import { FailedCredentials } from '../src/failed-credentials.js';
import { authenticate, createKey, memoryKeys } from '../src/index.js';
import { networkOf } from '../src/network.js';
import { slowStore } from './slow-store.js';

function setUp(trustProxy: unknown = 1, max = 3) {
  const clock = createManualClock();
  const keys = memoryKeys([], { now: clock.now });
  const store = slowStore(keys);
  const app = express();
  app.set('trust proxy', trustProxy);
  app.use(authenticate({ keys: store, now: clock.now, failures: { max } }));
  app.use((_req, res) => {
    res.end('in');
  });
  const send = (key: string, from = '192.0.2.1') =>
    request(app).get('/').set('X-Forwarded-For', from).set('x-api-key', key);
  return { clock, keys, store, send };
}

const wrong = () => createKey().key;

describe('wrong credentials', () => {
  it('are answered 429 with Retry-After once a network has sent too many', async () => {
    const { clock, store, send } = setUp();
    for (let round = 0; round < 3; round += 1) await send(wrong()).expect(401);
    clock.advance(20_000);
    const answer = await send(wrong()).expect(429);
    expect(answer.body.error.code).toBe('too_many_failed_credentials');
    expect(answer.headers['retry-after']).toBe('40');
    expect(store.asked).toHaveLength(4);
    clock.advance(40_000);
    await send(wrong()).expect(401);
  });

  it('count also where their checksum is wrong, at no cost for the store', async () => {
    const { store, send } = setUp();
    for (let round = 0; round < 3; round += 1) await send('sk-proj-0123456789').expect(401);
    await send('sk-proj-0123456789').expect(429);
    expect(store.asked).toHaveLength(0);
  });

  it('of one network do not hinder another', async () => {
    const { keys, send } = setUp();
    const { key } = keys.create({ tenant: 'acme', plan: 'pro' });
    for (let round = 0; round < 4; round += 1) await send(wrong());
    await send(key, '192.0.2.2').expect(200);
    await send(key, '192.0.2.1').expect(200);
  });

  it('do not hinder a key of the same network that was good lately', async () => {
    const { clock, keys, send } = setUp();
    const { key } = keys.create({ tenant: 'acme', plan: 'pro' });
    const late = keys.create({ tenant: 'late', plan: 'pro' });
    await send(key).expect(200);
    for (let round = 0; round < 3; round += 1) await send(wrong()).expect(401);
    await send(key).expect(200);
    clock.advance(6_000);
    await send(key).expect(200);
    await send(late.key).expect(200);
  });

  it('never lock out a good key that was not seen before, however long they go on', async () => {
    const { clock, keys, send } = setUp();
    for (let minute = 0; minute < 3; minute += 1) {
      for (let second = 0; second < 60; second += 1) {
        expect([401, 429]).toContain((await send(wrong())).status);
        clock.advance(1_000);
      }
      await send(keys.create({ tenant: 'acme', plan: 'pro' }).key).expect(200);
    }
  });

  it('past what is verified a second are answered 503, good ones too, and only for that second', async () => {
    const { clock, keys, store, send } = setUp();
    const { key } = keys.create({ tenant: 'acme', plan: 'pro' });
    for (let round = 0; round < 13; round += 1) expect([401, 429]).toContain((await send(wrong())).status);
    const busy = await send(key).expect(503);
    expect(busy.body.error.code).toBe('store_unavailable');
    expect(busy.headers['retry-after']).toBe('1');
    expect(store.asked).toHaveLength(13);
    clock.advance(1_000);
    await send(key).expect(200);
  });

  it('that come all at once reach the store no more often than the limits allow', async () => {
    const { store, send } = setUp();
    const answers = await Promise.all(Array.from({ length: 40 }, () => send(wrong())));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(3);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
    expect(statuses.filter((status) => status === 503)).toHaveLength(27);
    expect(store.asked).toHaveLength(13);
  });

  it('are not suspected of many good keys that come all at once', async () => {
    const { keys, send } = setUp();
    const issued = Array.from({ length: 40 }, () => keys.create({ tenant: 'acme', plan: 'pro' }).key);
    const answers = await Promise.all(issued.map((key) => send(key)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('of a whole IPv6 subscriber count together', async () => {
    const { send } = setUp();
    for (let round = 0; round < 3; round += 1) await send(wrong(), `2001:db8:1:ab0${round}::1`).expect(401);
    await send(wrong(), '2001:db8:1:abff::9').expect(429);
    await send(wrong(), '2001:db8:1:ac00::9').expect(401);
  });

  it('no credential at all is not a wrong one', async () => {
    const { keys, send } = setUp();
    for (let round = 0; round < 5; round += 1) await send('').expect(401);
    await send(keys.create({ tenant: 'acme', plan: 'pro' }).key).expect(200);
  });
});

describe('counting by network', () => {
  const failuresOf = (maxNetworks: number) => {
    const clock = createManualClock();
    const failures = new FailedCredentials({ max: 2, maxNetworks }, clock.now);
    const fail = async (address: string): Promise<boolean> => {
      const leave = await failures.enter(address);
      leave?.done(true);
      return leave !== undefined && leave.refuseForMs === undefined;
    };
    return { clock, failures, fail };
  };

  it('holds no more networks than it was told', async () => {
    const { failures, fail } = failuresOf(100);
    for (let index = 0; index < 5_000; index += 1) {
      await fail(`10.0.${index >> 8}.${index & 255}`);
      expect(failures.size).toBeLessThanOrEqual(100);
    }
  });

  it('never forgets a network that is being refused, however many others come', async () => {
    const { fail } = failuresOf(100);
    await fail('192.0.2.1');
    await fail('192.0.2.1');
    for (let index = 0; index < 5_000; index += 1) {
      const address = `10.0.${index >> 8}.${index & 255}`;
      await fail(address);
      await fail(address);
      if (index % 500 === 0) expect(await fail('192.0.2.1')).toBe(false);
    }
    expect(await fail('192.0.2.1')).toBe(false);
  });

  it('remembers nothing of networks that only succeed', async () => {
    const { failures } = failuresOf(100);
    for (let index = 0; index < 1_000; index += 1) {
      const leave = await failures.enter(`10.0.${index >> 8}.${index & 255}`);
      leave?.done(false);
    }
    expect(failures.size).toBe(0);
  });
});

describe('the network of an address', () => {
  const networks: [address: string | undefined, network: string][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:ab12:3::4', '2001:db8:1:ab00:0:0:0:0/56'],
    ['2001:DB8:1:ABFF::', '2001:db8:1:ab00:0:0:0:0/56'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:0/56'],
    ['::', '0:0:0:0:0:0:0:0/56'],
    ['::1', '0:0:0:0:0:0:0:0/56'],
    [undefined, ''],
    ['unknown', 'unknown'],
    ['1::2::3', '1::2::3'],
    ['1:2:3', '1:2:3'],
    ['g::1', 'g::1'],
  ];
  for (const [address, network] of networks) {
    it(`of ${address} is ${network || 'nobody’s'}`, () => {
      expect(networkOf(address, 56)).toBe(network);
    });
  }

  it('is as long as its prefix', () => {
    expect(networkOf('2001:db8:1:ab12::1', 32)).toBe('2001:db8:0:0:0:0:0:0/32');
    expect(networkOf('2001:db8::ffff', 120)).toBe('2001:db8:0:0:0:0:0:ff00/120');
    expect(networkOf('2001:db8::1', 128)).toBe('2001:db8:0:0:0:0:0:1/128');
  });
});

describe('a proxy in front that Express was not told about rightly', () => {
  const warnings: string[] = [];
  let unsubscribe: () => void;
  beforeEach(() => {
    forgetWarnings();
    warnings.length = 0;
    unsubscribe = subscribe('tollgate:warning', ({ code, message }) => {
      warnings.push(`${code}: ${message}`);
    });
  });
  afterEach(() => unsubscribe());

  for (const [trust, words] of [
    [false, 'is off'],
    [true, 'is true'],
  ] as const) {
    it(`is warned of where "trust proxy" ${words}`, async () => {
      const { send } = setUp(trust);
      await send(wrong()).expect(401);
      await send(wrong()).expect(401);
      expect(warnings).toEqual([expect.stringMatching(`^TOLLGATE_W_TRUST_PROXY: .*"trust proxy" ${words}`)]);
    });
  }

  it('is not warned of where it is a number', async () => {
    await setUp(1).send(wrong()).expect(401);
    expect(warnings).toEqual([]);
  });

  it('mounting twice is warned of', async () => {
    const keys = memoryKeys();
    const { key } = keys.create({ tenant: 'acme', plan: 'pro' });
    const app = express();
    app.use(authenticate({ keys }), authenticate({ keys }));
    app.use((_req, res) => {
      res.end('in');
    });
    await request(app).get('/').set('x-api-key', key).expect(200);
    expect(warnings).toEqual([expect.stringContaining('TOLLGATE_W_MOUNTED_TWICE')]);
  });
});
