import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type PostgresProcess, startPostgres } from '@tollgate/testkit';
import { database, reports, type UsageEvent } from 'tollgate';

const server = join(dirname(fileURLToPath(import.meta.url)), '../dist/server.js');
const cli = join(dirname(fileURLToPath(import.meta.url)), '../../../packages/cli/dist/bin.js');
const children = new Set<ChildProcess>();
const folders: string[] = [];

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface Proxy {
  child: ChildProcess;
  url: string;
  key: string;
  text: string;
  ended: Promise<unknown>;
}

async function start(env: Record<string, string>): Promise<Proxy> {
  const child = spawn(process.execPath, [server], {
    env: { PATH: process.env.PATH ?? '', PORT: '0', ...env },
  });
  children.add(child);
  const ended = once(child, 'exit');
  let text = '';
  for await (const chunk of child.stdout) {
    text += chunk;
    if (/^what it cost/m.test(text)) break;
  }
  child.stdout.resume();
  return {
    child,
    url: /listens on (\S+)/.exec(text)?.[1] ?? '',
    key: /^pro (\S+)$/m.exec(text)?.[1] ?? '',
    text,
    ended,
  };
}

async function stop({ child, ended }: Proxy): Promise<void> {
  child.kill('SIGTERM');
  await ended;
  children.delete(child);
}

const ask = ({ url, key }: Proxy): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Hello' }] }),
  });

async function used(proxy: Proxy): Promise<string> {
  const answer = await fetch(`${proxy.url}/v1/usage`, { headers: { authorization: `Bearer ${proxy.key}` } });
  const { limits } = (await answer.json()) as { limits: { unit: string; used: string }[] };
  return limits.find(({ unit }) => unit === 'usd')?.used ?? '';
}

const written = (folder: string): UsageEvent[] =>
  readFileSync(join(folder, 'usage.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'tollgate-proxy-ledger-'));
  folders.push(made);
  return made;
}

/** What a ledger says was spent in all, in nano-dollars, and by how many attempts. */
async function spent(
  where: Parameters<typeof database>[0],
): Promise<{ attempts: number; costNanoUsd: string }> {
  const shared = database(where);
  const [sum] = await reports({ database: shared }).usage({
    from: new Date(Date.now() - 86_400_000),
    to: new Date(Date.now() + 86_400_000),
  });
  await shared.end();
  return { attempts: sum?.attempts ?? 0, costNanoUsd: sum?.costNanoUsd ?? '' };
}

const costOf = (events: readonly UsageEvent[]): string =>
  String(events.reduce((sum, { costNanoUsd }) => sum + BigInt(costNanoUsd), 0n));

describe("the example proxy's ledger", () => {
  it('is PGlite in its folder: budgets go on after a restart where they were, and every attempt is a row once', async () => {
    const directory = folder();
    const first = await start({ TOLLGATE_DIR: directory });
    expect(first.text).toContain(`the ledger: PGlite in ${directory}`);
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(first)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const before = await used(first);
    expect(Number(before)).toBeGreaterThan(0);
    await stop(first);

    const second = await start({ TOLLGATE_DIR: directory });
    const headers = { authorization: `Bearer ${second.key}` };
    const history = await fetch(`${second.url}/v1/usage/history?by=model`, { headers });
    expect(await history.json()).toMatchObject({ rows: [{ model: 'gpt-5-mini', calls: 5 }] });
    const other = await start({ TOLLGATE_DIR: directory });
    expect(other.text).toContain('the ledger: usage.jsonl alone');
    expect((await ask(other)).status).toBe(200);
    await stop(other);
    expect(await used(second)).toBe(before);
    expect((await ask(second)).status).toBe(200);
    await stop(second);
    const events = written(directory);
    const alone = events.length - (await spent({ directory })).attempts;
    expect(alone).toBe(1); // the other's
  }, 120_000);
});

describe("the example proxy's ledger on PostgreSQL", () => {
  let postgres: PostgresProcess;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 90_000);
  afterAll(() => postgres.stop());
  afterEach(() => postgres.restart(), 60_000);

  it('is where DATABASE_URL says, and no answer waits for it or is lost while it is away', async () => {
    const directory = folder();
    const proxy = await start({ TOLLGATE_DIR: directory, DATABASE_URL: postgres.url });
    expect(proxy.text).toContain('the ledger: PostgreSQL');
    expect((await ask(proxy)).status).toBe(200);
    await postgres.kill();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(proxy)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    await postgres.restart();
    await stop(proxy);
    const events = written(directory);
    expect(await spent({ connectionString: postgres.url })).toEqual({
      attempts: 21,
      costNanoUsd: costOf(events),
    });
  }, 120_000);

  it('holds keys and limits: budgets and keys are changed beside the running app, seen on the wire when the command ends', async () => {
    const proxy = await start({ TOLLGATE_DIR: folder(), DATABASE_URL: postgres.url });
    expect(proxy.text).toContain('keys and limits: in PostgreSQL');
    const confirmed = new RegExp(`confirmed by process \\S+:${proxy.child.pid}`);
    const tollgate = (...args: string[]) =>
      promisify(execFile)(process.execPath, [cli, ...args], {
        env: { PATH: process.env.PATH ?? '', DATABASE_URL: postgres.url },
      });
    const tiny = { ...proxy, key: /^tiny (\S+)$/m.exec(proxy.text)?.[1] ?? '' };
    const statuses: number[] = [];
    for (let call = 0; call < 3; call += 1) statuses.push((await ask(tiny)).status);
    expect(statuses).toEqual([200, 200, 402]);
    const more = ['budgets', 'set', 'spend', '$1/day', '--tenant', 'demo-tiny', '--by', 'key'];
    expect((await tollgate(...more)).stdout).toMatch(confirmed);
    expect((await ask(tiny)).status).toBe(200);
    expect((await tollgate('budgets', 'clear', '--tenant', 'demo-tiny')).stdout).toMatch(confirmed);
    expect((await ask(tiny)).status).toBe(402);
    const id = /^tg_live_([^_]+)_/.exec(proxy.key)?.[1] ?? '';
    expect((await tollgate('keys', 'disable', id)).stdout).toMatch(confirmed);
    expect((await ask(proxy)).status).toBe(401);
    expect((await tollgate('keys', 'enable', id)).stdout).toMatch(confirmed);
    expect((await ask(proxy)).status).toBe(200);
    await tollgate('tenants', 'disable', 'demo-pro');
    expect((await ask(proxy)).status).toBe(401);
    await tollgate('tenants', 'enable', 'demo-pro');
    const made = await tollgate('keys', 'create', '--tenant', 'new', '--plan', 'pro', '--json');
    const { key, read_by: readers } = JSON.parse(made.stdout);
    expect(readers).toEqual([expect.stringContaining(`:${proxy.child.pid}`)]);
    expect((await ask({ ...proxy, key })).status).toBe(200);
    await expect(tollgate('budgets', 'set', 'spend', '$1/month', '--tenant', 'demo-prow')).rejects.toThrow(
      'did you mean "demo-pro"?',
    );
    await stop(proxy);
  }, 120_000);

  it('keeps the demo keys over a restart, and is not asked where TOLLGATE_KEYS is set', async () => {
    const directory = folder();
    const first = await start({ TOLLGATE_DIR: directory, DATABASE_URL: postgres.url });
    await stop(first);
    const second = await start({ TOLLGATE_DIR: directory, DATABASE_URL: postgres.url });
    expect(second.key).toBe(first.key);
    expect((await ask(second)).status).toBe(200);
    await stop(second);
    const production = await start({ NODE_ENV: 'production', DATABASE_URL: postgres.url });
    expect(production.text).toContain('keys and limits: in PostgreSQL');
    expect(production.key).toBe('');
    await stop(production);
    const own = await start({
      TOLLGATE_DIR: directory,
      DATABASE_URL: postgres.url,
      TOLLGATE_KEYS: `${first.key} tenant=acme plan=pro`,
    });
    expect(own.text).toContain('keys and limits: keys from TOLLGATE_KEYS');
    const set = promisify(execFile)(
      process.execPath,
      [cli, 'budgets', 'set', 'spend', '$0.00001/month', '--tenant', 'acme', '--force'],
      { env: { PATH: process.env.PATH ?? '', DATABASE_URL: postgres.url } },
    );
    await expect(set).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no running process that takes its limits from there'),
    });
    await stop(own);
  }, 120_000);
});
