import { describe, expect, it } from '@jest/globals';
import {
  type HousePackage,
  type Manifest,
  readPackages,
  readRootManifest,
  readTestPackage,
} from './house.js';
import { circlesOfFiles, foldersInBothDirections, importViolations, storeyViolations } from './storeys.js';

const rootManifest = readRootManifest();

function made(manifest: Manifest, path: string, text: string): HousePackage {
  return { folder: 'packages/made-up', manifest, files: [{ path, text }] };
}

describe('the house', () => {
  for (const one of readPackages('packages')) {
    it(`${one.manifest.name} depends only on storeys below its own`, () => {
      expect(storeyViolations(one)).toEqual([]);
    });
  }
  for (const one of [...readPackages('packages'), ...readPackages('examples'), readTestPackage()]) {
    it(`${one.manifest.name} declares what it imports and stays inside its folder`, () => {
      expect(importViolations(one, rootManifest)).toEqual([]);
    });
  }
});

describe('folders inside a package', () => {
  for (const one of readPackages('packages')) {
    it(`${one.folder.replace('packages/', '')}: imports between folders go in one direction`, () => {
      expect(foldersInBothDirections(one)).toEqual([]);
    });
  }

  it.each(
    readPackages('packages')
      .filter(({ manifest }) => !manifest.private)
      .map((one) => [one.folder.replace('packages/', ''), one] as const),
  )('%s: no files import each other in a circle, not even types', (_, one) => {
    expect(circlesOfFiles(one)).toEqual([]);
  });

  it('are reported where files import each other in a circle', () => {
    const files = [
      { path: 'src/a.ts', text: `import { b } from './b.js'` },
      { path: 'src/b.ts', text: `import type { C } from './deep/c.js'` },
      { path: 'src/deep/c.ts', text: `import { a } from '../a.js'` },
      { path: 'src/d.ts', text: `import { a } from './a.js'` },
    ];
    const found = circlesOfFiles({ folder: 'packages/made-up', manifest: { name: 'made-up' }, files });
    expect(found).toEqual([['src/a.ts', 'src/b.ts', 'src/deep/c.ts']]);
  });

  it('are reported when they import from each other', () => {
    const files = [
      { path: 'src/a/x.ts', text: `import { y } from '../b/y.js'` },
      { path: 'src/b/y.ts', text: `import type { X } from '../a/x.js'` },
      { path: 'src/c/z.ts', text: `import { x } from '../a/x.js'` },
    ];
    const found = foldersInBothDirections({
      folder: 'packages/made-up',
      manifest: { name: 'made-up' },
      files,
    });
    expect(found).toEqual(['src/a <-> src/b']);
  });
});

describe('the check of the house', () => {
  it('notices a package that depends sideways, upwards or on the testkit at run time', () => {
    const dependencies = {
      '@tollgate/core': '1',
      '@tollgate/budget': '1',
      tollgate: '1',
      '@tollgate/testkit': '1',
    };
    expect(storeyViolations(made({ name: '@tollgate/auth', dependencies }, 'src/index.ts', ''))).toEqual([
      '@tollgate/auth may not depend on @tollgate/budget',
      '@tollgate/auth may not depend on tollgate',
      '@tollgate/auth may not depend on @tollgate/testkit',
    ]);
  });

  it('notices a sideways import however it is written', () => {
    const forms = [
      `import { budget } from '@tollgate/budget'`,
      `import type { Budget } from "@tollgate/budget"`,
      `export { budget } from '@tollgate/budget'`,
      `const budget = await import('@tollgate/budget')`,
      `const budget = require('@tollgate/budget')`,
      `type B = import('@tollgate/budget').Budget`,
    ];
    for (const form of forms) {
      const found = storeyViolations(made({ name: '@tollgate/auth' }, 'src/a.ts', form));
      expect([form, found]).toEqual([form, ['@tollgate/auth: src/a.ts may not import @tollgate/budget']]);
    }
  });

  it.each(['testkit', 'simulator'])('lets tests, and only tests, import the %s', (name) => {
    const text = `import { clock } from '@tollgate/${name}'`;
    expect(storeyViolations(made({ name: '@tollgate/auth' }, 'test/a.test.ts', text))).toEqual([]);
    expect(storeyViolations(made({ name: '@tollgate/auth' }, 'src/a.ts', text))).toHaveLength(1);
  });

  it('notices a package without a storey', () => {
    expect(storeyViolations(made({ name: '@tollgate/new' }, 'src/index.ts', ''))).toEqual([
      '@tollgate/new stands on no storey',
    ]);
  });

  it('notices an undeclared import and one that leaves the package', () => {
    const manifest = { name: '@tollgate/auth', devDependencies: { jose: '6' } };
    const text = `import 'jose'; import 'node:fs'; import '../../core/src/money.js'; import './own.js'`;
    expect(importViolations(made(manifest, 'src/a.ts', text), rootManifest)).toEqual([
      '@tollgate/auth: src/a.ts imports jose, undeclared',
      '@tollgate/auth: src/a.ts imports ../../core/src/money.js, outside its package',
    ]);
    expect(importViolations(made(manifest, 'test/a.test.ts', `import 'jose'`), rootManifest)).toEqual([]);
  });
});
