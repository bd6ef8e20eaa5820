import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { database, memorySwitch } from 'tollgate';
import { createApp } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { sendDemoTraffic } from '../src/demo-traffic.js';
import { startProviders } from '../src/providers.js';

describe('npm start -- --demo', () => {
  it('sends traffic of three teams, and of an agent that watch() suspends: the dashboard has usage, an incident and the way back', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tollgate-demo-'));
    const config = readConfig({ TOLLGATE_DIR: directory }, ['--demo']);
    const upstream = await startProviders(config);
    const kept = database({ directory });
    const { app, tg } = createApp({
      ...{ sinks: [], providers: upstream.providers, database: { database: kept }, off: memorySwitch() },
      ...{
        alerts: undefined,
        metricsToken: undefined,
        watchActs: config.demo,
        maxInFlight: 50,
        trustProxy: false,
      },
    });
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const [ending, lines] = [new AbortController(), [] as string[]];
    if (!tg.registry) throw new Error('no registry');
    const sent = sendDemoTraffic(url, tg.registry, ending.signal, (line) => lines.push(line), 0);
    while (!lines.some((line) => line.includes('watch() has suspended the agent'))) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    ending.abort();
    await sent;
    await tg.ledger?.flush();

    const { key } = await tg.registry.keys.create({ tenant: 'demo-admin', plan: 'admin', scopes: ['admin'] });
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const login = await fetch(`${url}/dashboard/session`, { method: 'POST', headers, body: '{}' });
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
    const { key: own } = await tg.registry.keys.create({
      tenant: 'demo-admin',
      plan: 'admin',
      scopes: ['chat'],
    });
    const byToken = async (token: string) =>
      (await fetch(`${url}/admin/me`, { headers: { authorization: `Bearer ${token}` } })).status;
    expect([await byToken(key), await byToken(own), await byToken('none')]).toEqual([200, 403, 401]);
    const get = async (path: string) =>
      (await (await fetch(`${url}/dashboard/api${path}`, { headers: { cookie } })).json()) as {
        data: Record<string, unknown>[];
      };
    const users = (await get('/usage?by=user')).data.map(({ by }) => (by as { user: string }).user);
    expect(users.sort()).toEqual(['night-agent', 'petra', 'rosa', 'sam']);
    const { data } = await get('/incidents');
    expect(data[0]).toMatchObject({ action: 'suspend', outcome: 'applied', tenant: 'demo-company' });
    expect((await get('/switch')).data).toMatchObject([{ kind: 'key', by: 'watch' }]);
    const undo = await fetch(`${url}/dashboard/api/incidents/${data[0]?.id}/undo`, {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: '{}',
    });
    expect([undo.status, (await get('/switch')).data]).toEqual([200, []]);
    server.closeAllConnections();
    server.close();
    await tg.close({ graceMs: 0 });
    await kept.end();
    await upstream.close();
    rmSync(directory, { recursive: true, force: true });
  }, 120_000);

  it.each([
    [{ OPENAI_API_KEY: 'sk-real' }, ['--demo'], 'unset OPENAI_API_KEY'],
    [{ DATABASE_URL: 'postgres://x' }, ['--demo'], 'unset DATABASE_URL'],
    [{ NODE_ENV: 'production', TOLLGATE_KEYS: 'x' }, ['--demo'], 'unset NODE_ENV=production'],
    [{}, ['--dmeo'], 'unknown argument "--dmeo"; known is --demo'],
  ])('is refused where it would spend money or mix with real figures: %j %j', (env, args, message) => {
    expect(() => readConfig(env, args)).toThrow(message);
  });
});
