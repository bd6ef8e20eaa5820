import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type PostgresProcess, startPostgres } from '@tollgate/testkit';
import express from 'express';
import { memoryKeys, type Tollgate, type TollgateOptions, tollgate } from '../src/index.js';

const plans = { pro: { spend: '$5/day' }, free: { spend: '$0.01/day' } };
let postgres: PostgresProcess;
const apps: { tg: Tollgate; server: Server }[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
}, 150_000);
afterAll(() => postgres.stop());
afterEach(async () => {
  for (const { tg, server } of apps.splice(0)) {
    server.close();
    server.closeAllConnections();
    await tg.close({ graceMs: 500 });
  }
}, 90_000);

/** An app of its own process, as far as the database can tell; resolves with how it is asked. */
async function start(options: Partial<TollgateOptions> = {}) {
  const spool = { directory: `/tmp/tollgate-database-keys-${process.pid}`, sync: false };
  const database = { connectionString: postgres.url, maxConnections: 3, spool };
  const tg = tollgate({ plans, database, ...options });
  const app = express().get('/usage', tg.guards(), tg.usage());
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  apps.push({ tg, server });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/usage`;
  const ask = async (key: string) => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  return { tg, ask };
}

/** Asks until it is so; how long that took, in ms. */
async function until(isSo: () => Promise<boolean>): Promise<number> {
  const startMs = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startMs > 15_000) throw new Error('it never was so');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - startMs;
}

describe('tollgate({ database }) without keys', () => {
  it('takes its keys from the database, and refuses a revoked one in every process within 5 s', async () => {
    const [one, other] = [await start(), await start()];
    const made = await one.tg.registry?.keys.create({ tenant: 'acme', team: 'data', plan: 'pro' });
    const { key = '', keyId = '' } = made ?? {};
    expect((await one.ask(key)).status).toBe(200);
    expect((await other.ask(key)).status).toBe(200);
    await other.tg.registry?.as('ann').keys.revoke(keyId);
    for (const { ask } of [one, other]) {
      expect(await until(async () => (await ask(key)).status === 401)).toBeLessThan(5_500);
    }
    expect((await one.ask(key)).body.error.code).toBe('key_revoked');
    expect(await one.tg.registry?.audit({ limit: 1 })).toMatchObject([{ actor: 'ann' }]);
  }, 150_000);

  it('follows limits of the database within 5 s', async () => {
    const { tg, ask } = await start();
    const { key = '' } = (await tg.registry?.keys.create({ tenant: 'beta', plan: 'free' })) ?? {};
    const limits = async () => JSON.stringify((await ask(key)).body);
    const before = await limits();
    await tg.registry?.overrides.set({ tenant: 'beta', kind: 'spend', limit: '$77/month' });
    expect(await until(async () => (await limits()) !== before)).toBeLessThan(5_500);
    expect(await limits()).toContain('77');
  }, 150_000);

  it('leaves the keys that the app gives as they are', async () => {
    const keys = memoryKeys();
    const { tg, ask } = await start({ keys });
    expect(tg.registry).toBeUndefined();
    expect((await ask(keys.create({ tenant: 'acme', plan: 'pro' }).key)).status).toBe(200);
  }, 90_000);

  it('wants keys, tokens or a database', () => {
    expect(() => tollgate({ plans })).toThrow(
      'at least one of "keys", "jwt", "database" and authenticate: { caller } is required',
    );
  });
});
