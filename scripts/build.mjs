/** Builds the packages whose sources, or whose dependencies' sources, changed since they were last built. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exclusively } from './lock.mjs';
import { step } from './run.mjs';
import { digest, isStamped, writeStamp } from './stamp.mjs';
import { root, workspaceDependencies, workspacePackages } from './workspace.mjs';

const shared = ['tsconfig.base.json', 'pnpm-lock.yaml', 'scripts/build-package.mjs'].map((file) =>
  join(root, file),
);
const stampOf = (one) => join(one.directory, 'node_modules/.tollgate-built');

/** Digests of the files that each package's build depends on, one per package. */
function digests(packages) {
  const known = new Map();
  for (const one of packages) {
    const files = [...shared, join(one.directory, 'package.json'), join(one.directory, 'tsconfig.json')];
    const words = workspaceDependencies(one, packages).map((other) => known.get(other));
    const folders = ['src', 'page'].map((name) => join(one.directory, name)).filter(existsSync);
    known.set(one, digest({ files, folders, words }));
  }
  return known;
}

async function buildChanged() {
  const packages = workspacePackages().filter((one) => existsSync(join(one.directory, 'src')));
  const wanted = digests(packages);
  const stale = packages.filter(
    (one) => !existsSync(join(one.directory, 'dist')) || !isStamped(stampOf(one), wanted.get(one)),
  );
  if (stale.length === 0) return;
  const { buildPackage } = await import('./build-package.mjs');
  const running = new Map();
  const buildAfterDependencies = async (one) => {
    for (const other of workspaceDependencies(one, packages)) {
      const built = await running.get(other);
      if (built && built.code !== 0) return { code: built.code, log: '' };
    }
    rmSync(stampOf(one), { force: true });
    const built = await buildPackage(one);
    if (built.code === 0) writeStamp(stampOf(one), wanted.get(one));
    return built.code === 0 ? built : { code: built.code, log: `${one.path}:\n${built.log}` };
  };
  await step(`built ${stale.map((one) => one.path.replace(/^packages\//, '')).join(', ')}`, async () => {
    for (const one of stale) running.set(one, buildAfterDependencies(one));
    const all = await Promise.all(running.values());
    return { code: Math.max(...all.map(({ code }) => code)), log: all.map(({ log }) => log).join('') };
  });
}

export const build = () => exclusively('build', buildChanged);

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { install } = await import('./install.mjs');
  if (!process.argv.includes('--no-install')) await install();
  await build();
}
