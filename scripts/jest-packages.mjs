/** Bundles the packages of this repository for Jest, each into one file and its further entries, as `jest-resolver.cjs` expects them. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { withGlobals } from './jest-transform.mjs';
import { digest, isStamped, writeStamp } from './stamp.mjs';
import { root, workspacePackages } from './workspace.mjs';

const folder = join(root, '.work/jest-modules/packages');

const entriesOf = ({ exports = {} }) =>
  Object.values(exports)
    .map((entry) => entry['@tollgate/source'])
    .filter((source) => source !== undefined);

async function bundle({ directory, manifest }) {
  const outdir = join(folder, basename(directory));
  const { outputFiles } = await build({
    entryPoints: entriesOf(manifest).map((entry) => join(directory, entry)),
    ...{ outdir, outExtension: { '.js': '.mjs' }, write: false, absWorkingDir: directory },
    ...{
      bundle: true,
      splitting: true,
      packages: 'external',
      platform: 'node',
      target: 'node20',
      format: 'esm',
    },
    // Code that looks for files beside its own finds them beside the sources.
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(join(directory, 'src/index.ts')).href) },
    logLevel: 'error',
  });
  rmSync(outdir, { recursive: true, force: true });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, withGlobals(text));
  }
}

/** Makes the files again whose sources have changed. */
export async function bundlePackages() {
  const published = workspacePackages().filter(
    ({ directory }) => dirname(directory) === join(root, 'packages'),
  );
  await Promise.all(
    published.map(async (one) => {
      const files = [join(root, 'scripts/jest-packages.mjs'), join(root, 'scripts/jest-transform.mjs')];
      const value = digest({ files, folders: ['src', 'page'].map((name) => join(one.directory, name)) });
      const stamp = join(folder, `${basename(one.directory)}.made-from`);
      if (isStamped(stamp, value)) return;
      await bundle(one);
      writeStamp(stamp, value);
    }),
  );
}
