import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { SwitchStore } from '@tollgate/core';
import { createKey } from '@tollgate/core/internal';
import { redisSwitch } from '@tollgate/redis';
import { startRedis } from '@tollgate/testkit';
import { fileSwitch, killSwitch } from '@tollgate/watch';
import { createClient } from 'redis';
import { terminal } from './terminal.js';

const directory = mkdtempSync(join(tmpdir(), 'tollgate-cli-switch-'));
afterAll(() => rmSync(directory, { recursive: true }));
const nowMs = Date.UTC(2040, 10, 1);

/** `app`: the switch of a running app at the same place. */
async function offAndOn(env: Record<string, string>, app: SwitchStore, place: string): Promise<void> {
  const { tollgate, json } = terminal(env, () => nowMs);
  const guard = killSwitch({ store: app, pollMs: 20 });
  const process_ = `${hostname()}:${process.pid}`;
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
    store: expect.stringContaining(place),
    confirmed_by: [process_],
  });
  await json('switch', 'off', 'everything', '--reason', 'test');
  expect(await json('switch', 'list')).toHaveLength(2);
  expect((await tollgate('switch', 'list')).out).toContain('runaway');
  expect(await tollgate('switch', 'on', 'everything')).toMatchObject({
    code: 0,
    out: expect.stringContaining(`confirmed by process ${process_}`),
  });
  expect((await tollgate('switch', 'on', 'everything')).error).toContain('everything was not off');
  expect(await json('switch', 'list')).toMatchObject([{ name: 'acme' }]);
  guard.end();
  const alone = await tollgate('switch', 'off', 'tenant', 'globex', '--reason', 'test');
  expect(alone.code).toBe(1);
  expect(alone.error).toContain('no running process has confirmed it within 2 s');
  expect(await tollgate('switch', 'on', 'tenant', 'globex', '--no-wait')).toMatchObject({
    code: 0,
    out: expect.stringContaining('not confirmed by a process'),
  });
}

describe('tollgate switch', () => {
  it('switches off and on in a file where there is no Redis', () =>
    offAndOn({ TOLLGATE_DIR: directory }, fileSwitch(join(directory, 'switch.json')), 'switch.json'));

  it('switches off and on on Redis', async () => {
    const redis = await startRedis();
    const client = await createClient({ url: redis.url }).connect();
    await offAndOn({ REDIS_URL: redis.url }, redisSwitch({ client }), 'Redis 127.0.0.1');
    client.destroy();
    await redis.stop();
  });

  it('keeps the public id of a whole key that is pasted, and its secret nowhere', async () => {
    const folder = mkdtempSync(join(directory, 'keys-'));
    const { tollgate, json } = terminal({ TOLLGATE_DIR: folder });
    const { key, keyId } = createKey();
    expect(await json('switch', 'off', 'key', key, '--reason', 'leaked', '--no-wait')).toMatchObject({
      name: keyId,
    });
    expect(readFileSync(join(folder, 'switch.json'), 'utf8')).not.toContain(key.slice(-20));
    expect((await tollgate('switch', 'on', 'key', key, '--no-wait')).code).toBe(0);
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

  it('asks where the switch is when only a database is named', async () => {
    const { tollgate } = terminal({ DATABASE_URL: 'postgres://127.0.0.1:1/app' });
    const { code, error } = await tollgate('switch', 'off', 'everything', '--reason', 'r');
    expect([code, error]).toEqual([2, expect.stringContaining('where is the switch?')]);
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
