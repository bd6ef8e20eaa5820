import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { admin } from '@tollgate/admin';
import { run } from '@tollgate/cli';
import { freePort } from '@tollgate/testkit';
import { copyEmptyDatabase, usageEvent } from '@tollgate/testkit/databases';
import express from 'express';
import { tollgate } from 'tollgate';

const token = 'a-token-of-the-operators';
const folder = mkdtempSync(join(tmpdir(), 'tollgate-by-url-'));
const directory = join(folder, 'data');
let tg: ReturnType<typeof appTollgate>;
let server: Server;
let url: string;
let router: ReturnType<typeof admin>;

const appTollgate = () =>
  tollgate({
    plans: { pro: { spend: '$50/month' }, free: { spend: '$1/day' } },
    ...{ database: { directory }, switch: true },
  });

beforeAll(async () => {
  await copyEmptyDatabase(directory);
  tg = appTollgate();
  const app = express();
  router = admin({
    tg,
    authorize: (req) =>
      req.get('authorization') === `Bearer ${token}` ? { name: 'olga', role: 'operator' } : undefined,
  });
  app.use('/back/office', router);
  app.get('/elsewhere/*path', (_req, res) => void res.send('<h1>hello</h1>'));
  app.get('/moved/*path', (_req, res) => res.redirect('https://evil.example/'));
  await tg.ready({ timeoutMs: 100_000 });
  server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}, 120_000);
afterAll(async () => {
  rmSync(folder, { recursive: true });
});

async function tollgateCommand(env: Record<string, string>, ...args: string[]) {
  let [out, error] = ['', ''];
  const code = await run(args, {
    ...{ env, user: 'ann', now: Date.now, confirmMs: 500 },
    write: (text) => {
      out += text;
    },
    writeError: (text) => {
      error += text;
    },
  });
  return { code, out, error };
}
const byUrl = (...args: string[]) =>
  tollgateCommand({ TOLLGATE_TOKEN: token }, '--url', `${url}/back/office`, ...args);
async function json(...args: string[]) {
  const { code, out, error } = await byUrl(...args, '--json');
  expect([args.join(' '), code, error]).toEqual([args.join(' '), 0, '']);
  return JSON.parse(out);
}

/** What the two ways must agree on. */
const reads = [
  ['keys', 'list'],
  ['tenants', 'list'],
  ['budgets', 'list'],
  ['usage', '--by', 'tenant,model'],
  ['movers', '--from', '7d'],
  ['bill', new Date().toISOString().slice(0, 7)],
  ['caps'],
  ['unresolved', 'list'],
  ['audit', '--limit', '3'],
] as const;

describe('tollgate --url', () => {
  let keyId = '';

  it('makes, rotates, disables, expires and revokes keys beside an embedded database, in the name of the login', async () => {
    const made = await json(
      'keys',
      'create',
      '--tenant',
      'acme',
      '--plan',
      'pro',
      '--team',
      'data',
      '--expires',
      '30d',
    );
    keyId = made.key_id;
    expect(made).toMatchObject({ key: expect.stringMatching(/^tg_live_/), read_by: [expect.any(String)] });
    expect(await json('keys', 'rotate', keyId, '--overlap', '1h', '--test')).toMatchObject({
      key: expect.stringMatching(/^tg_test_/),
    });
    for (const action of ['disable', 'enable'] as const) {
      expect(await json('keys', action, keyId)).toMatchObject({
        done: `${action}d`,
        confirmed_by: [expect.any(String)],
      });
    }
    expect(await json('keys', 'expire', keyId, '2099-01-01')).toMatchObject({
      expires_at: '2099-01-01T00:00:00Z',
    });
    const { key_id: other } = await json('keys', 'create', '--tenant', 'beta', '--plan', 'free');
    await json('keys', 'revoke', other);
    const listed = await json('keys', 'list');
    expect(listed).toMatchObject([
      {
        key_id: keyId,
        tenant: 'acme',
        team: 'data',
        expires_at: '2099-01-01T00:00:00Z',
        overlap_ends_at: expect.any(String),
      },
      { key_id: other, revoked_at: expect.any(String) },
    ]);
    expect(await json('audit', '--limit', '1')).toMatchObject([{ actor: 'olga', action: 'key.revoke' }]);
  }, 150_000);

  it('sets and clears limits, makes and disables tenants, and says who confirmed it', async () => {
    const set = ['budgets', 'set', 'spend', '$500/month', '--tenant', 'acme'];
    expect(await json(...set)).toMatchObject({ limit: '$500/month', confirmed_by: [expect.any(String)] });
    expect((await byUrl('budgets', 'set', 'spend', '$5/month', '--tenant', 'acmee')).error).toContain(
      'did you mean "acme"',
    );
    expect((await byUrl('budgets', 'list')).out).toContain('$500/month');
    await json('budgets', 'set', 'tokens', '2M/day', '--tenant', 'acme', '--key', keyId);
    expect(await json('budgets', 'clear', 'tokens', '--tenant', 'acme', '--key', keyId)).toMatchObject({
      cleared: 1,
    });
    await json('tenants', 'create', 'gamma', '--team', 'ops');
    expect((await byUrl('tenants', 'disable', 'gamma')).out).toMatch(
      /^gamma is disabled, in 127\.0\.0\.1:\d+; confirmed by process /,
    );
  }, 150_000);

  it('switches off and on, and lists what watch() does', async () => {
    const off = await json('switch', 'off', 'tenant', 'acme', '--reason', 'runaway', '--until', '30m');
    expect(off).toMatchObject({ kind: 'tenant', confirmed_by: [expect.any(String)] });
    expect(await json('switch', 'list')).toMatchObject([{ name: 'acme', by: 'olga', reason: 'runaway' }]);
    expect((await byUrl('switch', 'on', 'tenant', 'acme')).out).toMatch(
      /^On, in 127\.0\.0\.1:\d+; confirmed by /,
    );
    expect((await byUrl('switch', 'on', 'tenant', 'acme')).error).toContain('tenant acme was not off');
    await json('switch', 'off', 'model', 'GPT-5', '--reason', 'price');
    expect((await byUrl('switch', 'on', 'model', 'gpt-5')).code).toBe(0); // models regardless of case
    expect(await json('incidents', 'list')).toEqual([]);
  }, 150_000);

  it('accepts attempts whose end is unknown, and writes exports', async () => {
    const [one, two] = ['1', '2'].map((text) =>
      usageEvent(
        {
          tenant: 'acme',
          keyId,
          plan: 'pro',
          costNanoUsd: `${text}000000000`,
          unresolvedNanoUsd: '5',
          uncertain: true,
        },
        Date.now() - 60_000,
      ),
    );
    for (const event of [one, two]) await tg.ledger?.write(event as never);
    await tg.ledger?.caughtUp?.();
    expect(await json('unresolved', 'list')).toHaveLength(2);
    expect(await json('unresolved', 'accept', one?.eventId ?? '', '--as', 'zero')).toMatchObject([
      { changed: true, costNanoUsd: '0' },
    ]);
    const file = join(folder, 'events.jsonl');
    await json('export', '--format', 'jsonl', '--from', '1d', '--out', file);
    expect(readFileSync(file, 'utf8').trim().split('\n').length).toBeGreaterThanOrEqual(2);
  }, 150_000);

  it('says in one line what went wrong: no login, another server, no server, what only the database can do', async () => {
    const at = (place: string, key = token) =>
      tollgateCommand({ TOLLGATE_TOKEN: key }, '--url', place, 'keys', 'list');
    const lines: readonly (readonly [Promise<{ code: number; error: string }>, number, string])[] = [
      [at(`${url}/back/office`, 'wrong'), 1, 'the admin API wants a login: set TOLLGATE_TOKEN'],
      [at(`${url}/elsewhere`), 1, 'is no admin API of Tollgate'],
      [
        at(`${url}/nowhere`),
        1,
        'is no admin API of Tollgate: give the address where admin() is mounted (it answers 404)',
      ],
      [at(`${url}/moved`), 1, 'the admin API does not answer'],
      [at(`http://127.0.0.1:${await freePort()}`), 1, 'the admin API does not answer: ECONNREFUSED'],
      [at('localhost:3000'), 2, '--url must be the address of an admin API'],
      [byUrl('doctor'), 2, 'needs the database itself'],
      [byUrl('children', 'revoke', 'x'), 2, 'revoked in the database itself'],
      [byUrl('--dir', directory, 'keys', 'list'), 2, '--url and a database are two places'],
      [byUrl('--actor', 'me', 'keys', 'revoke', keyId), 2, '--actor: by --url'],
      [byUrl('keys', 'revoke', 'unknown'), 1, 'There is no such key'],
      [byUrl('usage', '--by', 'nothing'), 1, 'by'],
    ];
    for (const [answer, code, text] of lines) {
      const { code: found, error } = await answer;
      expect([text, found, error.split('\n').length]).toEqual([text, code, 2]);
      expect(error).toContain(text);
      expect(error).not.toContain(token);
    }
  }, 150_000);

  it('answers what the command answers on the database, once the app has ended', async () => {
    const remote = new Map<string, unknown>();
    for (const args of reads) remote.set(args.join(' '), await json(...args));
    router.close();
    server.close();
    server.closeAllConnections();
    await tg.close();
    for (const args of reads) {
      const { code, out, error } = await tollgateCommand({}, '--dir', directory, ...args, '--json');
      expect([args, code, error]).toEqual([args, 0, '']);
      expect([args, remote.get(args.join(' '))]).toEqual([args, JSON.parse(out)]);
    }
  }, 150_000);
});
