import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { database } from '@tollgate/postgres';
import { shown, table } from '../src/command/table.js';
import { terminal } from './terminal.js';

describe('the command line', () => {
  const { tollgate } = terminal({});

  it('explains itself, with examples, and ends with 0', async () => {
    for (const args of [
      ['--help'],
      ['help', 'keys'],
      ['keys', 'create', '--help'],
      ['budgets', 'set', '--help'],
    ]) {
      const { code, out, error } = await tollgate(...args);
      expect([args, code, error]).toEqual([args, 0, '']);
      expect(out).toContain('Usage: tollgate');
    }
    expect((await tollgate('--help')).out).toContain("tollgate budgets set spend '$500/month' --tenant acme");
  });

  it('ends by what was typed, whatever the exit code of the process is by then', async () => {
    const before = process.exitCode;
    try {
      for (const exitCode of [0, 1]) {
        process.exitCode = exitCode;
        expect((await tollgate('help', 'keys')).code).toBe(0);
        expect((await tollgate('keys')).code).toBe(2);
      }
    } finally {
      process.exitCode = before;
    }
  });

  it('ends with 2 where it does not understand, and says what was meant', async () => {
    for (const [args, message] of [
      [['keyz', 'list'], "unknown command 'keyz'"],
      [['keys', 'lisst'], 'Did you mean list?'],
      [['keys', 'create', '--plan', 'pro'], "required option '--tenant <tenant>' not specified"],
      [['keys', 'revoke'], "missing required argument 'key-id'"],
      [['keys', 'list', '--tenants', 'a'], 'Did you mean --tenant?'],
      [['keys', 'rotate', 'k', '--overlap', 'soon'], '--overlap must be a time such as 90s'],
      [['keys', 'expire', 'k', '2027-02-31T99:00:00Z'], '<when> must be a date'],
      [['keys', 'list', '--dir', 'a', '--database-url', 'postgres://x'], 'are two places; give one of them'],
    ] as const) {
      const { code, out, error } = await tollgate(...args);
      expect([args, code, out]).toEqual([args, 2, '']);
      expect(error).toContain(message);
    }
  });

  it('says where it has looked when there is no database, and makes none by looking', async () => {
    const dir = join(tmpdir(), 'tollgate-not-there');
    const { code, error } = await terminal({ TOLLGATE_DIR: dir }).tollgate('keys', 'list');
    expect(code).toBe(2);
    expect(error).toContain(`there is no DATABASE_URL, and no folder ${dir} here`);
  });

  it('never shows the password of a database that is away', async () => {
    const closed = createServer().listen(0);
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    const url = `postgres://ann:hunter2@127.0.0.1:${port}/app`;
    for (const args of [
      ['keys', 'list'],
      ['keys', 'list', '--database-url', 'mysql://ann:hunter2@x'],
    ]) {
      const { code, error } = await terminal({ DATABASE_URL: url }).tollgate(...args);
      expect(code).toBeGreaterThan(0);
      expect(error).not.toContain('hunter2');
      expect(error).toMatch(/^tollgate: .+\n$/);
    }
  });

  it('works on the embedded database, and says so when the app holds it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tollgate-cli-'));
    const { tollgate, json } = terminal({ TOLLGATE_DIR: dir });
    const { key_id: id } = await json('keys', 'create', '--tenant', 'acme', '--plan', 'free');
    const app = database({ directory: dir });
    await app.ready();
    const { code, error } = await tollgate('keys', 'list');
    expect(code).toBe(1);
    expect(error).toContain('is in use by this process already');
    await app.end();
    expect(await json('keys', 'list')).toMatchObject([{ key_id: id }]);
    rmSync(dir, { recursive: true, force: true });
  }, 60_000);
});

describe('tollgate prices', () => {
  const { tollgate, json } = terminal({});

  it('tells what a model costs, without a database', async () => {
    const { code, out } = await tollgate('prices', 'gpt-5-mini');
    expect(code).toBe(0);
    expect(out).toMatch(/model +openai\/gpt-5-mini/);
    expect(await json('prices', 'gpt-5-mini')).toMatchObject({
      provider: 'openai',
      bands: [{ above_input_tokens: null, input: '0.25', output: '2.00' }],
    });
  });

  it('ends with 1 for a model that has none', async () => {
    expect(await tollgate('prices', 'my-own-model')).toMatchObject({ code: 1, out: '' });
  });
});

describe('a table', () => {
  it('lines its columns up, numbers to the right, and shows what is absent', () => {
    expect(
      table(
        ['name', 'cost'],
        [
          ['a', '$1.50'],
          [undefined, '$12.00'],
        ],
      ),
    ).toBe('NAME    COST\na      $1.50\n-     $12.00\n');
    expect(table(['name'], [])).toBe('none\n');
  });

  it('shows what would harm a terminal by its code, and cuts what is long', () => {
    expect(shown('a\u001b[2J\n\u202Eb')).toBe('a\\u{1b}[2J\\u{a}\\u{202e}b');
    expect(table(['x'], [['y'.repeat(100)]])).toBe(`X\n${'y'.repeat(59)}…\n`);
  });
});
