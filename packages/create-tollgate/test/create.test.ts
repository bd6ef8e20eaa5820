import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { create } from '../src/index.js';
import { main } from '../src/main.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'create-tollgate-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (path: string): string => readFileSync(join(folder, path), 'utf8');

async function run(...args: string[]): Promise<{ code: number; said: string; complained: string }> {
  const [said, complained]: string[][] = [[], []];
  const code = await main(args, {
    say: (line) => said?.push(line),
    complain: (line) => complained?.push(line),
  });
  return { code, said: said?.join('\n') ?? '', complained: complained?.join('\n') ?? '' };
}

describe('npm create tollgate', () => {
  it('writes a proxy in TypeScript, and says what comes next', async () => {
    const { code, said } = await run(join(folder, 'My Proxy'));
    expect(code).toBe(0);
    expect(said).toContain('npm install');
    const files = readdirSync(join(folder, 'My Proxy')).sort();
    expect(files).toEqual(['.env', '.gitignore', 'README.md', 'package.json', 'server.ts', 'tsconfig.json']);
    const manifest = JSON.parse(read('My Proxy/package.json'));
    expect(manifest).toMatchObject({ name: 'my-proxy', private: true, type: 'module' });
    expect(manifest.dependencies.tollgate).toMatch(/^\^\d/);
    expect(read('My Proxy/README.md')).toContain('`server.ts`');
    expect(read('My Proxy/.gitignore')).toContain('.env');
  });

  it('writes an app of its own routes in JavaScript', async () => {
    expect((await run(join(folder, 'one'), '--template', 'app', '--js')).code).toBe(0);
    expect(existsSync(join(folder, 'one/tsconfig.json'))).toBe(false);
    expect(read('one/server.js')).toContain("app.post('/ai/haiku'");
    expect(JSON.parse(read('one/package.json')).devDependencies).toBeUndefined();
  });

  it('changes nothing in a folder that has files', async () => {
    writeFileSync(join(folder, 'mine.txt'), 'mine');
    const { code, complained } = await run(folder);
    expect([code, complained]).toEqual([1, `${folder} is not empty. Name a new folder.`]);
    expect(readdirSync(folder)).toEqual(['mine.txt']);
  });

  it.each([
    [['--template', 'worker'], '--template must be one of proxy, app, received worker'],
    [['one', 'two'], 'One folder is expected, received one two'],
    [['--typescript'], "Unknown option '--typescript'"],
  ])('refuses %j, and shows its options', async (args, message) => {
    const { code, complained } = await run(...args);
    expect(code).toBe(2);
    expect(complained).toContain(message);
    expect(complained).toContain('--template proxy|app');
  });

  it('shows its options', async () => {
    expect(await run('--help')).toMatchObject({
      code: 0,
      said: expect.stringContaining('npm create tollgate'),
    });
  });

  it('gives a folder without letters a name that npm accepts', () => {
    create({ directory: join(folder, '___'), template: 'proxy', language: 'js', version: '1.2.3' });
    expect(JSON.parse(read('___/package.json'))).toMatchObject({
      name: 'my-tollgate',
      dependencies: { tollgate: '^1.2.3' },
    });
  });
});
