/** The packages of the workspace, in the order in which they can be built. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

function read(directory) {
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return { directory, path: relative(root, directory), manifest, name: manifest.name };
}

/** Installed by itself, outside of the workspace. */
const apart = new Set([join('examples', 'next-chat')]);

function below(folder) {
  const entries = readdirSync(join(root, folder)).sort();
  return entries
    .map((entry) => join(root, folder, entry))
    .filter(
      (directory) => existsSync(join(directory, 'package.json')) && !apart.has(relative(root, directory)),
    );
}

/** Every package, each after those that it depends on (except development dependencies). */
export function workspacePackages() {
  const all = [...below('packages'), ...below('examples'), join(root, 'test')].map(read);
  const byName = new Map(all.map((one) => [one.name, one]));
  const ordered = new Set();
  const visit = (one) => {
    if (ordered.has(one)) return;
    for (const name of Object.keys(one.manifest.dependencies ?? {}))
      if (byName.has(name)) visit(byName.get(name));
    ordered.add(one);
  };
  for (const one of all) visit(one);
  return [...ordered];
}

/** The packages of this workspace that one of them needs at run time. */
export function workspaceDependencies(one, all) {
  return all.filter((other) => other.name in (one.manifest.dependencies ?? {}));
}

/** The packages that are published. */
export const publicPackages = () => workspacePackages().filter((one) => !one.manifest.private);
