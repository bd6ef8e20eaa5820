import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { readPackages, root } from './house.js';

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

interface Option {
  readonly name: string;
  /** The text of its `@defaultValue`; empty where it has none. */
  readonly defaultValue: string;
}

interface OptionsType {
  readonly name: string;
  readonly options: readonly Option[];
}

/** Every options interface that an index exports and its package declares. */
function optionsOf(folder: string): OptionsType[] {
  const source = program.getSourceFile(join(root, folder, 'src/index.ts'));
  const exported = source && checker.getSymbolAtLocation(source);
  return (exported ? checker.getExportsOfModule(exported) : []).flatMap((symbol) => {
    const declared = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const file = declared.declarations?.[0]?.getSourceFile().fileName ?? '';
    const isOptions = declared.name.endsWith('Options');
    if (!isOptions || !file.includes(`/${folder}/`)) return [];
    const properties = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(declared));
    const options = properties.map((property) => {
      const tag = property.getJsDocTags(checker).find(({ name }) => name === 'defaultValue');
      return { name: property.name, defaultValue: (tag?.text ?? []).map(({ text }) => text).join('') };
    });
    return [{ name: declared.name, options }];
  });
}

/** The lines of a README that name an option in code. */
const linesOn = (readme: string, option: string): string[] =>
  readme.split('\n').filter((line) => new RegExp(`\`[^\`]*\\b${option}\\b[^\`]*\``).test(line));

/** Options that a README does not name in code. */
const undocumented = (readme: string, { options }: OptionsType): string[] =>
  options.filter(({ name }) => linesOn(readme, name).length === 0).map(({ name }) => name);

/** Without quotation marks, and without the separators of thousands. */
const plain = (text: string): string =>
  text
    .replaceAll(/(\d)[_ ](?=\d{3})/g, '$1')
    .replaceAll(/[`'"]/g, '')
    .toLowerCase();

/** Options with a default that no line on them contains: its first word, or what is in its parentheses (`300_000 (5 min)`). */
const otherDefaults = (readme: string, { options }: OptionsType): string[] =>
  options
    .filter(({ name, defaultValue }) => {
      const [first] = plain(defaultValue).split(/[\s(,;:]/);
      const [, inWords] = /\(([^)]*)\)/.exec(plain(defaultValue)) ?? [];
      const forms = [first, inWords].filter((form): form is string => form !== undefined && form !== '');
      const lines = linesOn(readme, name).map(plain);
      return forms.length > 0 && !lines.some((line) => forms.some((form) => line.includes(form)));
    })
    .map(({ name, defaultValue }) => `${name}: ${defaultValue}`);

describe('the options of each exported interface are in the README of its package, with their defaults:', () => {
  for (const { folder } of packages) {
    const readme = readFileSync(join(root, folder, 'README.md'), 'utf8');
    for (const one of optionsOf(folder)) {
      it(`${folder.replace('packages/', '')}: ${one.name}`, () => {
        expect(one.options.length).toBeGreaterThan(0);
        expect(undocumented(readme, one)).toEqual([]);
        expect(otherDefaults(readme, one)).toEqual([]);
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
      undocumented('`limit`, `{ maxDepth: 3 }`', {
        name: 'A',
        options: ['limit', 'maxDepth', 'depth'].map((name) => ({ name, defaultValue: '' })),
      }),
    ).toEqual(['depth']);
  });

  it('a default that differs is named', () => {
    const readme = '| `size` | in bytes | 1 000 |\n| `waitMs` | how long | 5 min |\n| `mode` | | `on` |';
    const options = [
      { name: 'size', defaultValue: '1_000' },
      { name: 'waitMs', defaultValue: '300_000 (5 min)' },
      { name: 'mode', defaultValue: "'off'" },
    ];
    expect(otherDefaults(readme, { name: 'A', options })).toEqual(["mode: 'off'"]);
  });
});
