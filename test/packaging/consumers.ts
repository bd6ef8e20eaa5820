import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNode, runProgram } from '../programs.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export interface Packed {
  name: string;
  directory: string;
  tarball: string;
  manifest: { dependencies?: Record<string, string>; peerDependencies?: Record<string, string> };
}

/** Packs every published package, as `npm publish` would send it, into a folder of the test file that asks. */
export async function packAll(asking: string): Promise<Packed[]> {
  const folder = join(root, 'test/.work/packs', asking);
  const script = `const { pack } = await import(process.argv[1]);
    process.stdout.write(JSON.stringify(await pack(process.argv[2])));`;
  const pack = join(root, 'scripts/pack.mjs');
  const { ended, output } = await runNode(['--input-type=module', '-e', script, pack, folder]);
  if (ended !== 0) throw new Error(output);
  return JSON.parse(output);
}

async function unpack(tarball: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { ended, output } = await runProgram(
    'tar',
    ['-xzf', tarball, '-C', folder, '--strip-components=1'],
    root,
    30_000,
  );
  if (ended !== 0) throw new Error(output);
}

/** Links a package that stands in the workspace, as an installation would place it. */
function link(from: string, name: string, modules: string): void {
  const target = join(modules, name);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(realpathSync(join(from, 'node_modules', name)), target, 'dir');
}

/** A project outside the workspace in which the tarballs are unpacked, beside the dependencies they declare and no others. */
export async function makeConsumer(packed: Packed[], express: 'express' | 'express4'): Promise<string> {
  const project = mkdtempSync(join(tmpdir(), 'tollgate-consumer-'));
  const modules = join(project, 'node_modules');
  for (const { name, tarball } of packed) await unpack(tarball, join(modules, name));
  const tests = join(root, 'test');
  mkdirSync(join(modules, '@types'), { recursive: true });
  symlinkSync(realpathSync(join(tests, 'node_modules', express)), join(modules, 'express'), 'dir');
  for (const name of ['@types/express', 'helmet', 'openai']) link(tests, name, modules);
  link(root, '@types/node', modules);
  const ours = new Set(packed.map(({ name }) => name));
  for (const { directory, manifest } of packed) {
    for (const name of Object.keys(manifest.dependencies ?? {}))
      if (!ours.has(name)) link(directory, name, modules);
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  return project;
}

/**
 * Changes a project to what npm installs when the app asks for another version of core than its siblings: core of that version at the top, and the
 * version that the siblings pin below them. The other version has no internal names at all. Returns the folder of the pinned version.
 */
export function installOtherCore(project: string, siblings: readonly string[]): string {
  const modules = join(project, 'node_modules');
  const top = join(modules, '@tollgate/core');
  const pinned = join(modules, '.pinned-core');
  cpSync(top, pinned, { recursive: true });
  for (const name of siblings) {
    const scope = join(modules, name, 'node_modules/@tollgate');
    mkdirSync(scope, { recursive: true });
    symlinkSync(pinned, join(scope, 'core'), 'dir');
  }
  const manifest = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));
  writeFileSync(join(top, 'package.json'), JSON.stringify({ ...manifest, version: '99.0.0' }));
  writeFileSync(join(top, 'dist/internal.js'), 'export {};\n');
  writeFileSync(join(top, 'dist/internal.cjs'), 'module.exports = {};\n');
  return pinned;
}

/** The values that a package exports at run time, by the name of its package. */
export async function exportedNames(
  project: string,
  names: string[],
  way: 'import' | 'require',
): Promise<Record<string, string[]>> {
  const file = join(project, way === 'import' ? 'exports.mjs' : 'exports.cjs');
  const load = names.map(
    (name) =>
      `[${JSON.stringify(name)}, await ${way === 'import' ? `import('${name}')` : `require('${name}')`}]`,
  );
  const print = `const all = [${load.join(', ')}];
    console.log(JSON.stringify(Object.fromEntries(all.map(([name, it]) => [name, Object.keys(it).filter((key) => key !== '__esModule').sort()]))));`;
  writeFileSync(file, way === 'import' ? print : `(async () => { ${print} })();`);
  const flags = way === 'require' ? withoutRequireOfModules() : [];
  const { ended, output } = await runNode([...flags, file], project, 60_000);
  if (ended !== 0) throw new Error(output);
  return JSON.parse(output);
}

/** Users' Jest and older Nodes cannot `require` ES modules; where Node could, it is told not to. */
function withoutRequireOfModules(): string[] {
  const known = process.allowedNodeEnvironmentFlags.has('--experimental-require-module');
  return known ? ['--no-experimental-require-module'] : [];
}

/** Every file that lies in an unpacked package. */
export function unpackedFiles(project: string, name: string): string[] {
  const folder = join(project, 'node_modules', name);
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

export const readUnpacked = (project: string, name: string, file: string): string =>
  readFileSync(join(project, 'node_modules', name, file), 'utf8');
