import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export interface Manifest {
  name: string;
  private?: boolean;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  /** Modules of the package under names with a hash sign. */
  imports?: Record<string, string>;
}

/** A TypeScript file of a package; `path` is relative to the package and uses slashes. */
export interface SourceFile {
  path: string;
  text: string;
}

export interface HousePackage {
  /** Folder below the root, such as `packages/core`. */
  folder: string;
  manifest: Manifest;
  files: SourceFile[];
}

const ignored = new Set(['node_modules', 'dist', 'templates', '.work', '.tollgate']);

/** Every file below a folder as a slash path relative to it; dependencies and generated folders apart. */
export function filesBelow(folder: string): string[] {
  const found: string[] = [];
  const walk = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (ignored.has(entry.name)) continue;
      const path = join(directory, entry.name);
      if (entry.isDirectory()) walk(path);
      else found.push(relative(folder, path).split(sep).join('/'));
    }
  };
  walk(folder);
  return found.sort();
}

function readPackage(folder: string): HousePackage {
  const directory = join(root, folder);
  const manifest: Manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const paths = filesBelow(directory).filter((path) => path.endsWith('.ts'));
  return {
    folder,
    manifest,
    files: paths.map((path) => ({ path, text: readFileSync(join(directory, path), 'utf8') })),
  };
}

/** The packages below one folder of the root, such as `packages` or `examples`. */
export function readPackages(folder: string): HousePackage[] {
  const names = readdirSync(join(root, folder)).sort();
  return names
    .filter((name) => filesBelow(join(root, folder, name)).includes('package.json'))
    .map((name) => readPackage(`${folder}/${name}`));
}

export const readRootManifest = (): Manifest => JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
export const readTestPackage = (): HousePackage => readPackage('test');

/** Every specifier a file imports, re-exports, requires or loads with `import()`, as TypeScript reads it. */
export function importsOf(file: SourceFile): string[] {
  return ts.preProcessFile(file.text, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** The package that a bare specifier names; undefined for relative ones and for what Node brings along. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || isBuiltin(specifier)) return undefined;
  const [first = '', second] = specifier.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

export const isTest = (file: SourceFile): boolean => file.path.startsWith('test/');
