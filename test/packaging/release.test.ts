import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { root } from '../pages.js';
import { runNode } from '../programs.js';

const script = join(root, 'scripts/release.mjs');

describe('npm run release', () => {
  it('needs the address of the repository, and changes nothing without it', async () => {
    for (const args of [[], ['--repository'], ['--repository', 'tollgate']])
      expect(await runNode([script, ...args])).toMatchObject({
        ended: 2,
        output: expect.stringContaining('Which repository?'),
      });
  });

  it('asks for the address of the site where what follows --docs is none', async () => {
    for (const site of [
      'soon',
      'ftp://docs.example.com',
      "https://docs.example.com/';x",
      'https://a.example?b',
    ]) {
      const args = ['--repository', 'https://git.example.com/us/tollgate', '--docs', site];
      expect(await runNode([script, ...args])).toMatchObject({
        ended: 2,
        output: expect.stringContaining('Which site?'),
      });
    }
  });

  it('writes the address of the site where messages take it from', async () => {
    const { withSite } = await import(pathToFileURL(script).href);
    const source = readFileSync(join(root, 'packages/core/src/lib/docs-url.ts'), 'utf8');
    const released = withSite(source, 'https://docs.example.com/');
    expect(released).toContain("const released: string = 'https://docs.example.com';");
    expect(withSite(released, 'https://docs.example.com')).toBe(released);
    expect(() => withSite('export {};', 'https://docs.example.com')).toThrow('no line');
  });

  it('writes the addresses that npm shows beside the description', async () => {
    const { withRepository } = await import(pathToFileURL(script).href);
    const manifest = {
      name: '@tollgate/auth',
      version: '1.0.0',
      description: 'x',
      keywords: ['a'],
      license: 'MIT',
    };
    const found = withRepository(manifest, 'https://git.example.com/us/tollgate.git', 'packages/auth');
    expect(found).toEqual({
      ...manifest,
      homepage: 'https://git.example.com/us/tollgate/tree/main/packages/auth#readme',
      bugs: 'https://git.example.com/us/tollgate/issues',
      repository: {
        type: 'git',
        url: 'git+https://git.example.com/us/tollgate.git',
        directory: 'packages/auth',
      },
    });
    expect(Object.keys(found).slice(0, 5)).toEqual([
      'name',
      'version',
      'description',
      'keywords',
      'homepage',
    ]);
  });
});
