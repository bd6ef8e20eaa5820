/** Copies an example out of the repository, as a project of its own: published versions instead of workspace links, and its own `tsconfig.json`. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root, workspacePackages } from './workspace.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');
const json = (value) => `${JSON.stringify(value, undefined, 2)}\n`;

/** The versions of the catalog, which the tests ran with. */
function catalog() {
  const [, text = ''] = /^catalog:\n((?: .*\n|\n)*)/m.exec(read('pnpm-workspace.yaml')) ?? [];
  const lines = text.matchAll(/^ {2}'?([^':#\s]+)'?: (.+)$/gm);
  return Object.fromEntries([...lines].map(([, name, version]) => [name, version]));
}

/** Writes the copy. Throws where the folder has files. Returns its absolute path. */
export function copyExample(name, target) {
  const folder = resolve(target);
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Error(`${folder} is not empty.`);
  const from = join(root, 'examples', name);
  const known = catalog();
  const versions = new Map(workspacePackages().map((one) => [one.name, `^${one.manifest.version}`]));
  const published = (dependencies = {}) =>
    Object.fromEntries(
      Object.entries(dependencies)
        .filter(([one]) => one !== '@tollgate/testkit')
        .map(([one, version]) => [one, version === 'catalog:' ? known[one] : (versions.get(one) ?? version)]),
    );
  const manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  const own = {
    ...{ name, version: '0.1.0', private: true, type: 'module', engines: manifest.engines },
    scripts: { build: 'tsc', start: `tsc && ${manifest.scripts.start}` },
    dependencies: published(manifest.dependencies),
    devDependencies: {
      ...published(manifest.devDependencies),
      ...{ '@types/node': known['@types/node'], typescript: '^5.9.0' },
    },
  };
  const { customConditions, noEmit, ...options } = JSON.parse(read('tsconfig.base.json')).compilerOptions;
  const settings = JSON.parse(readFileSync(join(from, 'tsconfig.json'), 'utf8'));
  const compilerOptions = { ...options, ...settings.compilerOptions, rootDir: 'src', outDir: 'dist' };
  mkdirSync(folder, { recursive: true });
  for (const one of ['src', 'README.md']) cpSync(join(from, one), join(folder, one), { recursive: true });
  writeFileSync(join(folder, 'package.json'), json(own));
  writeFileSync(join(folder, 'tsconfig.json'), json({ compilerOptions, include: ['src'] }));
  writeFileSync(join(folder, '.gitignore'), 'node_modules\ndist\n.env\n.tollgate\n');
  return folder;
}
