import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { filesBelow, isTest, readPackages, root } from './house.js';
import { exportsSomething, indexViolations, readmeViolations } from './package-shape.js';

const maxLines = 300;

for (const { folder, manifest, files } of readPackages('packages')) {
  const index = files.find(({ path }) => path === 'src/index.ts')?.text ?? '';
  const present = filesBelow(join(root, folder));
  const finished = exportsSomething(index);

  describe(manifest.name, () => {
    it('has an index.ts of explicit named exports only', () => {
      expect(indexViolations(index)).toEqual([]);
    });

    it('has no file longer than 300 lines', () => {
      const long = files.filter(({ text }) => text.trimEnd().split('\n').length > maxLines);
      expect(long.map(({ path }) => path)).toEqual([]);
    });

    it('has at most two configuration files', () => {
      const configuration = present.filter(
        (path) => !path.includes('/') && /\.(?:json|jsonc|ya?ml|[cm]?js)$/.test(path),
      );
      expect(configuration).toEqual(['package.json', 'tsconfig.json']);
    });

    it('has a README with the agreed headings, none of them empty once it exports something', () => {
      const readme = readFileSync(join(root, folder, 'README.md'), 'utf8');
      expect(readmeViolations(readme, finished)).toEqual([]);
    });

    it('has tests once it exports something', () => {
      const tests = files.filter((file) => isTest(file) && file.path.endsWith('.test.ts'));
      expect(finished && tests.length === 0 ? 'no test' : 'fine').toBe('fine');
    });
  });
}

describe('the check of a package', () => {
  it('accepts named exports only', () => {
    expect(
      indexViolations(`export { a, type B } from './a.js';\nexport type { C } from './c.js';\nexport {};`),
    ).toEqual([]);
    for (const text of [
      `export * from './a.js'`,
      `export * as a from './a.js'`,
      `import './a.js'`,
      'export const a = 1',
      'export default 1',
    ]) {
      expect(indexViolations(text)).toEqual([`index.ts holds more than named exports: ${text}`]);
    }
  });

  it('reads headings outside code blocks, in their order', () => {
    const good =
      '# auth\n\nSays who it is.\n\n## Use\n\n```sh\n## not a heading\n```\n\n## What it does to a request\nx\n## Options\nx\n## Refusals\nx\n## Good to know\nx\n';
    expect(readmeViolations(good, true)).toEqual([]);
    expect(readmeViolations(good.replace('## Options\nx\n', ''), true)).toHaveLength(1);
    expect(readmeViolations(good.replace('## Refusals\nx\n', '## Refusals\n'), true)).toEqual([
      'says nothing under Refusals',
    ]);
    expect(readmeViolations(good.replace('Says who it is.\n', ''), true)).toEqual([
      'says nothing under its title',
    ]);
  });
});
