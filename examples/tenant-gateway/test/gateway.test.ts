import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { copyEmptyDatabase } from '@tollgate/testkit/databases';
import type { Tollgate } from 'tollgate';
import { createApp, warehouseFile } from '../src/app.js';
import { createIssuer, type Issuer } from '../src/issuer.js';
import { ask } from '../src/traffic.js';

const directory = mkdtempSync(join(tmpdir(), 'tollgate-tenant-gateway-'));
let [issuer, forger]: Issuer[] = [];
let provider: SimulatedProvider;
let tg: Tollgate;
let server: Server;
let url: string;
beforeAll(async () => {
  [issuer, forger, provider] = await Promise.all([createIssuer(), createIssuer(), simulateProvider()]);
  await copyEmptyDatabase(join(directory, 'data'));
  const made = createApp({
    ...{ issuer, database: { directory: join(directory, 'data') } },
    ...{ openaiBaseUrl: provider.openAiUrl, openaiApiKey: 'the-gateway-key' },
  });
  tg = made.tg;
  await tg.ready({ timeoutMs: 100_000 });
  server = createServer(made.app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 120_000);
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await tg.close({ graceMs: 500 });
  await provider.close();
  rmSync(directory, { recursive: true, force: true });
}, 90_000);

const tokenOf = async (tenant: string, tier: string) => (await issuer?.token(tenant, tier, 'ann')) ?? '';

describe('a gateway for many tenants', () => {
  it('holds each tenant to the burst of its tier, and to its models', async () => {
    const [acme, globex] = [await tokenOf('acme', 'basic'), await tokenOf('globex', 'business')];
    const asked = { requests: 12, model: 'gpt-5-mini' };
    expect(await ask(url, acme, { tenant: 'acme', tier: 'basic', ...asked })).toMatchObject({
      answered: 5,
      refused: { rate_limit_exceeded: 7 },
    });
    expect(await ask(url, globex, { tenant: 'globex', tier: 'business', ...asked })).toMatchObject({
      answered: 12,
    });
    const other = { tenant: 'globex', tier: 'business', requests: 1, model: 'gpt-4.1' };
    expect((await ask(url, globex, other)).refused).toEqual({ model_not_allowed: 1 });
  });

  it('refuses tokens of another issuer, and of a tier that it does not have', async () => {
    const asked = { tenant: 'acme', tier: 'basic', requests: 1, model: 'gpt-5-mini' };
    const forged = (await forger?.token('acme', 'basic', 'eve')) ?? '';
    expect((await ask(url, forged, asked)).refused).toEqual({ invalid_token: 1 });
    expect((await ask(url, await tokenOf('acme', 'platinum'), asked)).refused).toEqual({
      insufficient_scope: 1,
    });
  });

  it('shows a tenant its own usage by tag in SQL, and writes that of all for a warehouse', async () => {
    await tg.ledger?.caughtUp?.();
    const token = await tokenOf('globex', 'business');
    const answer = await fetch(`${url}/v1/report`, { headers: { authorization: `Bearer ${token}` } });
    const rows = (await answer.json()) as { feature: string; calls: number; usd: string }[];
    expect(rows.map(({ feature, calls }) => [feature, calls])).toEqual([
      ['chat', 6],
      ['search', 6],
    ]);
    const bytes = await buffer(
      warehouseFile(tg, new Date(Date.now() - 86_400_000), new Date(Date.now() + 1)),
    );
    expect([bytes.subarray(0, 4).toString(), bytes.subarray(-4).toString()]).toEqual(['PAR1', 'PAR1']);
  });
});
