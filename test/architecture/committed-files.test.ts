import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { filesBelow, root } from './house.js';

const forbidden: [what: string, pattern: RegExp][] = [
  [
    'a package registry',
    /\b(?:registry|npm)\.(?:npmjs|yarnpkg|npmmirror|taobao|jsr)\.\w+|\bnpm\.pkg\.github\.com/,
  ],
  ['a path of one machine', /(?:^|[\s"'`(=:])(?:file:\/\/)?\/(?:home|root|Users|work|farm)\/\w/m],
  ['a path of one machine', /\b[A-Z]:\\Users\\/],
];

/** What is committed or about to be; without git, every file that is not generated. */
function projectFiles(): string[] {
  if (!existsSync(join(root, '.git'))) return filesBelow(root);
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  });
  const paths = listed.toString('utf8').split('\0');
  return paths.filter((path) => path !== '' && existsSync(join(root, path)));
}

function findings(path: string, text: string): string[] {
  const found = forbidden
    .filter(([, pattern]) => pattern.test(text))
    .map(([what]) => `${path} names ${what}`);
  return text.includes(root) ? [...found, `${path} names this checkout's own folder`] : found;
}

describe('the files of the project', () => {
  it('name no package registry and no path of a machine', () => {
    const files = projectFiles();
    expect(files).toContain('package.json');
    expect(files.flatMap((path) => findings(path, readFileSync(join(root, path), 'utf8')))).toEqual([]);
  });

  it('would be noticed if they did', () => {
    const host = ['registry', 'npmjs', 'org'].join('.');
    expect(findings('a', `resolved: https://${host}/x`)).toEqual(['a names a package registry']);
    expect(findings('a', `cd ${['', 'home', 'someone'].join('/')}`)).toEqual([
      'a names a path of one machine',
    ]);
    expect(findings('a', `import x from '${root}'`)).toContain(`a names this checkout's own folder`);
    expect(findings('a', 'GET /v1/root-cause, src/home/page.ts')).toEqual([]);
  });
});
