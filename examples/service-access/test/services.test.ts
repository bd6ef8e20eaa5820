import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { copyEmptyDatabase } from '@tollgate/testkit/databases';
import type { Tollgate } from 'tollgate';
import { auditByCostCentre, createApp } from '../src/app.js';
import { type Authority, createAuthority } from '../src/authority.js';
import { send, tries } from '../src/requests.js';

const directory = mkdtempSync(join(tmpdir(), 'tollgate-service-access-'));
let authority: Authority;
let provider: SimulatedProvider;
let tg: Tollgate;
let server: Server;
let url: string;
beforeAll(async () => {
  [authority, provider] = await Promise.all([createAuthority(), simulateProvider()]);
  await copyEmptyDatabase(join(directory, 'data'));
  const made = createApp({
    ...{ authority, database: { directory: join(directory, 'data') } },
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

describe('services with least privilege', () => {
  it('may use their models for their kinds of data, and nothing else', async () => {
    const answers = [];
    for (const one of tries) answers.push(await send(url, await authority.token(one.client), one));
    expect(answers).toEqual(['ok', 'model_not_allowed', 'ok', 'insufficient_scope', 'model_not_allowed']);
  });

  it('are limited by their team, the batch work first', async () => {
    const batch = { client: 'faq-writer', data: 'public', model: 'gpt-5-nano' } as const;
    const token = await authority.token('faq-writer');
    expect(await send(url, token, batch, 100_000)).toBe('request_exceeds_limit');
    const critical = { client: 'claims-triage', data: 'public', model: 'gpt-5-mini' } as const;
    expect(await send(url, await authority.token('claims-triage'), critical, 100_000)).toBe('ok');
  });

  it('are reported separately for each cost centre', async () => {
    await tg.ledger?.caughtUp?.();
    const audit = await auditByCostCentre(tg, new Date(Date.now() - 86_400_000), new Date(Date.now() + 1));
    const lines = audit.map(({ costCentre, service, model, calls }) => [costCentre, service, model, calls]);
    expect(lines.sort()).toEqual([
      ['0815', 'faq-writer', 'gpt-5-nano', 1],
      ['4711', 'claims-triage', 'gpt-5-mini', 2],
    ]);
  });
});
