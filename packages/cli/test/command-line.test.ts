import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
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
  }, 150_000);
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

  describe('check', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-prices-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const fileOf = (catalogue: unknown): string => {
      const file = join(folder, `${Math.random()}.json`);
      writeFileSync(file, typeof catalogue === 'string' ? catalogue : JSON.stringify(catalogue));
      return file;
    };
    const mini = {
      litellm_provider: 'openai',
      input_cost_per_token: 2.5e-7,
      cache_read_input_token_cost: 2.5e-8,
      output_cost_per_token: 2e-6,
    };
    const odd = {
      sample_spec: { litellm_provider: 'one of many', input_cost_per_token: 0 },
      'whisper-1': { litellm_provider: 'openai', input_cost_per_second: 0.0001 },
      'my-own-model': { ...mini },
      'bedrock/some-model': { ...mini, litellm_provider: 'bedrock' },
      'gpt-5-nano': {
        ...mini,
        input_cost_per_token: 1e300,
        cache_read_input_token_cost: -1,
        output_cost_per_token: '1',
      },
    };

    it('ends with 0 where the catalogue and a file agree', async () => {
      const { code, out } = await tollgate('prices', 'check', fileOf({ ...odd, 'gpt-5-mini': mini }));
      expect([code, out]).toEqual([
        0,
        "2 of the file's 3 models of these providers are in the catalogue; 0 of their prices differ\n",
      ]);
    });

    it('names each price that differs, and ends with 1', async () => {
      const other = { ...mini, input_cost_per_token: 5e-7, output_cost_per_token: 1e-6 };
      const claude = {
        litellm_provider: 'anthropic',
        input_cost_per_token: 1e-3,
        output_cost_per_token: 1e-3,
      };
      const file = fileOf({ ...odd, 'openai/gpt-5-mini': other, 'claude-haiku-4-5': claude });
      const { code, out, error } = await tollgate('prices', 'check', file, '--provider', 'openai');
      expect(code).toBe(1);
      expect(error).toBe('tollgate: 2 prices differ\n');
      expect(out).toMatch(/openai\/gpt-5-mini +input +0\.25 +0\.5 +2\.00 ×/);
      expect(out).toMatch(/openai\/gpt-5-mini +output +2 +1 +0\.50 ×/);
      expect(out).not.toContain('claude');
      const all = await tollgate('prices', 'check', file, '--json');
      expect(all.code).toBe(1);
      expect(JSON.parse(all.out).differences).toContainEqual({
        ...{ provider: 'openai', model: 'gpt-5-mini', price: 'input', catalogue: '0.25', file: '0.5' },
      });
      expect(JSON.parse(all.out).differences.map(({ model }: { model: string }) => model)).toContain(
        'claude-haiku-4-5',
      );
    });

    it.each([
      ['no JSON', 'input: 3', 'is not JSON'],
      ['a list', [], 'must be an object of prices by model name'],
      ['a file of another kind', { 'gpt-5': 1 }, 'holds no model with "litellm_provider"'],
    ])('refuses %s', async (_, catalogue, message) => {
      const { code, out, error } = await tollgate('prices', 'check', fileOf(catalogue));
      expect([code, out]).toEqual([2, '']);
      expect(error).toContain(message);
    });

    it('says that a file cannot be read', async () => {
      expect(await tollgate('prices', 'check', join(folder, 'none.json'))).toMatchObject({
        code: 2,
        error: expect.stringContaining('cannot be read'),
      });
    });
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
