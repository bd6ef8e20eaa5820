import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import type { Tollgate } from 'tollgate';
import { type Asked, aBusyDay } from '../src/a-busy-day.js';
import { createApp, type Keys } from '../src/app.js';

const directory = mkdtempSync(join(tmpdir(), 'tollgate-team-budgets-'));
let provider: SimulatedProvider;
let tg: Tollgate;
let server: Server;
let url: string;
let keys: Keys;
let asked: Asked[];

beforeAll(async () => {
  provider = await simulateProvider();
  const made = createApp({
    database: { directory },
    openaiBaseUrl: provider.openAiUrl,
    openaiApiKey: 'the shared key',
  });
  tg = made.tg;
  keys = await made.prepare();
  server = createServer(made.app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  asked = await aBusyDay(url, keys, 20);
}, 120_000);
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await tg.close({ graceMs: 500 });
  await provider.close();
  rmSync(directory, { recursive: true, force: true });
}, 90_000);

async function get(path: string, who: string) {
  const response = await fetch(url + path, { headers: { authorization: `Bearer ${keys[who]}` } });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

/** The report, once everything that was asked has reached the ledger. */
async function teamsReport() {
  const expected = asked.reduce((sum, { answered }) => sum + answered, 0);
  const end = Date.now() + 20_000;
  for (;;) {
    const { body } = await get('/reports/teams', 'finance');
    const calls = body.reduce((sum: number, line: { calls: number }) => sum + line.calls, 0);
    if (calls >= expected || Date.now() > end) return body;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('three teams that share one provider key', () => {
  it('are each held to their own cap', async () => {
    const refusedBy = Object.fromEntries(asked.map(({ team, refused }) => [team, refused]));
    expect(refusedBy['content-generator']).toBeGreaterThan(0);
    expect(refusedBy).toMatchObject({ 'support-bot': 0, 'data-analyst': 0 });
    const response = await fetch(`${url}/content-generator/drafts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keys['content-generator']}`, 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'And one more, if you please. '.repeat(6) }),
    });
    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({ error: { code: 'quota_exceeded' } });
    const { body } = await get('/usage', 'content-generator');
    expect(JSON.stringify(body)).toContain('content-generator');
  });

  it('cannot use one another’s routes, nor read finance’s reports', async () => {
    const response = await fetch(`${url}/data-analyst/queries`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keys['support-bot']}`, 'content-type': 'application/json' },
      body: '{"text":"Let me in."}',
    });
    expect(response.status).toBe(403);
    expect((await get('/reports/teams', 'support-bot')).status).toBe(403);
  });

  it('are told apart in the report by team, feature and model, and billed together', async () => {
    const lines: { team: string; feature: string; model: string; calls: number; costNanoUsd: string }[] =
      await teamsReport();
    const told = lines
      .map(({ team, feature, model, calls }) => [team, feature, model, calls].join(' '))
      .sort();
    const models = {
      replies: 'gpt-5-mini',
      summaries: 'gpt-5-nano',
      queries: 'gpt-5',
      charts: 'gpt-5-mini',
      drafts: 'gpt-5',
    };
    const expected = asked.map(({ team, feature, answered }) =>
      [team, feature, models[feature as keyof typeof models], answered].join(' '),
    );
    expect(told).toEqual(expected.sort());
    const cost = lines.reduce((sum, { costNanoUsd }) => sum + BigInt(costNanoUsd), 0n);
    const { body: bill } = await get(`/reports/bill/${new Date().toISOString().slice(0, 7)}`, 'finance');
    expect(bill).toEqual([
      expect.objectContaining({
        tenant: 'acme',
        billed: expect.stringMatching(/^\$0\.\d+$/),
        costNanoUsd: String(cost),
        billedNanoUsd: String((cost * 11n + 9n) / 10n),
      }),
    ]);
  });
});
