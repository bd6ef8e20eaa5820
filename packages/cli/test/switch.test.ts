import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { createKey } from '@tollgate/core/internal';
import { startRedis } from '@tollgate/testkit';
import { terminal } from './terminal.js';

const directory = mkdtempSync(join(tmpdir(), 'tollgate-cli-switch-'));
afterAll(() => rmSync(directory, { recursive: true }));
const nowMs = Date.UTC(2040, 10, 1);

async function offAndOn(env: Record<string, string>): Promise<void> {
  const { tollgate, json } = terminal(env, () => nowMs);
  expect((await tollgate('switch', 'list')).out).toBe('Nothing is off.\n');
  const off = await json('switch', 'off', 'tenant', 'acme', '--reason', 'runaway', '--until', '30m', '--cut');
  expect(off).toEqual({
    kind: 'tenant',
    name: 'acme',
    reason: 'runaway',
    by: 'cli:ann',
    since: '2040-11-01T00:00:00Z',
    until: '2040-11-01T00:30:00Z',
    cuts_running: true,
  });
  await json('switch', 'off', 'everything', '--reason', 'test');
  expect(await json('switch', 'list')).toHaveLength(2);
  expect((await tollgate('switch', 'list')).out).toContain('runaway');
  expect((await tollgate('switch', 'on', 'everything')).code).toBe(0);
  expect((await tollgate('switch', 'on', 'everything')).error).toContain('everything was not off');
  expect(await json('switch', 'list')).toMatchObject([{ name: 'acme' }]);
}

describe('tollgate switch', () => {
  it('switches off and on in a file where there is no Redis', () => offAndOn({ TOLLGATE_DIR: directory }));

  it('switches off and on on Redis', async () => {
    const redis = await startRedis();
    await offAndOn({ REDIS_URL: redis.url });
    await redis.stop();
  });

  it('keeps the public id of a whole key that is pasted, and its secret nowhere', async () => {
    const folder = mkdtempSync(join(directory, 'keys-'));
    const { tollgate, json } = terminal({ TOLLGATE_DIR: folder });
    const { key, keyId } = createKey();
    expect(await json('switch', 'off', 'key', key, '--reason', 'leaked')).toMatchObject({ name: keyId });
    expect(readFileSync(join(folder, 'switch.json'), 'utf8')).not.toContain(key.slice(-20));
    expect((await tollgate('switch', 'on', 'key', key)).code).toBe(0);
    for (const args of [
      ['off', 'key', key.slice(0, -1), '--reason', 'r'],
      ['off', 'user', key, '--reason', 'r'],
      ['off', 'everything', '--reason', `leaked ${key}`],
      ['on', 'tenant', key],
    ]) {
      const { code, error, out } = await tollgate('switch', ...args);
      expect(code).toBe(2);
      expect(error + out).not.toContain(key.slice(-20, -1));
    }
    expect(await json('switch', 'list')).toEqual([]);
  });

  it('says what it did not understand, and what could not be done', async () => {
    const { tollgate } = terminal({ TOLLGATE_DIR: directory });
    for (const [args, message] of [
      [['off', 'planet', 'x', '--reason', 'r'], 'Allowed choices are everything, tenant'],
      [['off', 'tenant', '--reason', 'r'], '"name" must be a tenant'],
      [['off', 'user', 'jane', '--reason', 'r'], '"name" must be <tenant>/<user>'],
      [['off', 'everything'], "required option '--reason <text>'"],
      [['off', 'everything', '--reason', 'r', '--until', 'soon'], '--until must be'],
      [['off', 'everything', '--reason', 'r', '--until', '2020-01-31'], '--until must be in the future'],
      [['off', 'everything', '--reason', 'r', '--until', '0m'], '--until must be in the future'],
    ] as const) {
      const { code, error } = await tollgate('switch', ...args);
      expect(error).toContain(message);
      expect(code).toBe(2);
    }
    const away = await terminal({ REDIS_URL: 'redis://127.0.0.1:1' }).tollgate('switch', 'list');
    expect(away.code).toBe(1);
  });
});
