import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { readPackages, root } from './house.js';

/** Options of other software, which our functions pass through. */
const foreign = ['CommandOptions', 'BullWorkerOptions'];

const packages = readPackages('packages').filter(({ manifest }) => !manifest.private);
const indexes = packages.map(({ folder }) => join(root, folder, 'src/index.ts'));
const program = ts.createProgram(indexes, {
  ...{
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    lib: ['lib.es2023.d.ts'],
    types: [],
    strict: true,
  },
  customConditions: ['@tollgate/source'],
});
const checker = program.getTypeChecker();

interface OptionsType {
  readonly name: string;
  readonly options: readonly string[];
}

/** Every options interface that an index exports and its package declares. */
function optionsOf(folder: string): OptionsType[] {
  const source = program.getSourceFile(join(root, folder, 'src/index.ts'));
  const exported = source && checker.getSymbolAtLocation(source);
  return (exported ? checker.getExportsOfModule(exported) : []).flatMap((symbol) => {
    const declared = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const file = declared.declarations?.[0]?.getSourceFile().fileName ?? '';
    const isOptions = declared.name.endsWith('Options') && !foreign.includes(declared.name);
    if (!isOptions || !file.includes(`/${folder}/`)) return [];
    const properties = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(declared));
    return [{ name: declared.name, options: properties.map(({ name }) => name) }];
  });
}

/** Options that a README does not name in code. */
const undocumented = (readme: string, { options }: OptionsType): string[] =>
  options.filter((option) => !new RegExp(`\`[^\`]*\\b${option}\\b[^\`]*\``).test(readme));

describe('the options of each exported interface are in the README of its package:', () => {
  for (const { folder } of packages) {
    const readme = readFileSync(join(root, folder, 'README.md'), 'utf8');
    for (const one of optionsOf(folder)) {
      it(`${folder.replace('packages/', '')}: ${one.name}`, () => {
        expect(one.options.length).toBeGreaterThan(0);
        expect(undocumented(readme, one)).toEqual([]);
      });
    }
  }

  it('interfaces are found', () => {
    const found = packages.flatMap(({ folder }) => optionsOf(folder));
    expect(found.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['BudgetOptions', 'TollgateOptions', 'WatchOptions']),
    );
    expect(found.flatMap(({ options }) => options).length).toBeGreaterThan(600);
  });

  it('an option that is missing is named', () => {
    expect(
      undocumented('`limit`, `{ maxDepth: 3 }`', { name: 'A', options: ['limit', 'maxDepth', 'depth'] }),
    ).toEqual(['depth']);
  });
});
