import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { processName } from '@tollgate/core/internal';
import { type Registry, registry } from '@tollgate/postgres';
import { type PostgresProcess, startPostgres } from '@tollgate/testkit';
import { terminal } from './terminal.js';

let server: PostgresProcess;
let tollgate: ReturnType<typeof terminal>['tollgate'];
let json: ReturnType<typeof terminal>['json'];
const opened: Registry[] = [];

beforeAll(async () => {
  server = await startPostgres();
  ({ tollgate, json } = terminal({ DATABASE_URL: server.url }, Date.now, fetch, 1_000));
  await tollgate('migrate');
}, 150_000);
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
  await server.stop();
});

/** An app that reads from this database, until it is closed. */
function app(schema?: string): Registry {
  const one = registry({ connectionString: server.url, ...(schema && { schema }) });
  opened.push(one);
  return one;
}

const none = /^tollgate: written to 127\.0\.0\.1:\d+\/postgres, but no running process that takes its /;

describe('changes without a running app that reads them', () => {
  it('end with 1 and say so, and stay written', async () => {
    const { key_id: id } = await json('keys', 'create', '--tenant', 'alone', '--plan', 'pro');
    for (const args of [
      ['budgets', 'set', 'spend', '$5/day', '--tenant', 'alone'],
      ['keys', 'disable', id],
    ]) {
      const { code, out, error } = await tollgate(...args);
      expect([code, out, error]).toEqual([1, '', expect.stringMatching(none)]);
      expect(error).toContain('--no-wait');
    }
    expect(await json('budgets', 'list', '--tenant', 'alone')).toMatchObject([{ limit: '$5/day' }]);
    expect((await json('keys', 'list', '--tenant', 'alone'))[0]).toHaveProperty('disabled_at');
  }, 90_000);

  it('show a rotated key all the same, which would be lost otherwise', async () => {
    const { key_id: id } = await json('keys', 'create', '--tenant', 'rotated', '--plan', 'pro');
    const { code, out, error } = await tollgate('keys', 'rotate', id);
    expect([code, out, error]).toEqual([1, expect.stringMatching(/^tg_live_/), expect.stringMatching(none)]);
  }, 90_000);

  it('do not wait with --no-wait, and say that nothing was confirmed', async () => {
    const { code, out } = await tollgate(
      ...['budgets', 'set', 'tokens', '5k/day', '--tenant', 'alone', '--no-wait'],
    );
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^Set, written to \S+; not confirmed by a process\.\n/),
    ]);
  });

  it('in an embedded database wait for none: the app opens it later', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tollgate-confirmations-'));
    const embedded = terminal({ TOLLGATE_DIR: directory });
    await embedded.tollgate('migrate');
    const { code, out } = await embedded.tollgate(
      ...['budgets', 'set', 'spend', '$5/day', '--tenant', 'a', '--force'],
    );
    expect([code, out]).toEqual([0, expect.stringContaining('the app reads it when it starts')]);
    rmSync(directory, { recursive: true });
  }, 150_000);
});

describe('changes with running apps', () => {
  it('are confirmed by those that read the kind in question, from this schema', async () => {
    const keysOnly = app();
    keysOnly.keys.onChange(() => undefined);
    const elsewhere = app('other');
    elsewhere.overrides.onChange(() => undefined);
    const { key_id: id, read_by: readers } = await json('keys', 'create', '--tenant', 'a', '--plan', 'pro');
    expect(readers).toEqual([processName]);
    const set = ['budgets', 'set', 'spend', '$5/day', '--tenant', 'a'];
    expect((await tollgate(...set)).code).toBe(1);
    keysOnly.overrides.onChange(() => undefined);
    expect(await json(...set)).toMatchObject({ confirmed_by: [processName] });
    expect(await json('keys', 'disable', id)).toMatchObject({ confirmed_by: [processName] });
    await keysOnly.close();
    expect((await tollgate(...set)).code).toBe(1);
  }, 150_000);

  it('are received before they are confirmed, also by a process whose connection was cut', async () => {
    const reader = app();
    const seen: string[] = [];
    reader.keys.onChange((keyId) => seen.push(keyId));
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      ids.push((await json('keys', 'create', '--tenant', 'many', '--plan', 'pro')).key_id);
    }
    for (const id of ids.slice(0, 3)) {
      await json('keys', 'disable', id);
      expect(seen).toContain(id);
    }
    await json('tenants', 'disable', 'many');
    expect(seen).toEqual(expect.arrayContaining(ids));
    const cutter = app();
    await cutter.tenants.list();
    await server.kill();
    await server.restart();
    const patient = terminal({ DATABASE_URL: server.url }, Date.now, fetch, 10_000);
    expect(await patient.json('keys', 'disable', ids[4] ?? '')).toMatchObject({
      confirmed_by: [processName],
    });
  }, 150_000);
});
