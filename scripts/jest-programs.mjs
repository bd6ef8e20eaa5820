/** Bundles the programs that tests start as separate processes (`*-process.ts`), all at once: they share most of their modules. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { digest, isStamped, writeStamp } from './stamp.mjs';
import { root, workspacePackages } from './workspace.mjs';

const outdir = join(root, '.work/jest-modules/programs');
const folders = [
  'test/faults',
  'test/journeys',
  'packages/core/test/lib',
  'packages/postgres/test',
  'packages/redis/test',
];

const entryPoints = () =>
  folders.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('-process.ts'))
      .map((name) => join(root, folder, name)),
  );

/** Makes the programs again when a source of a package or a file beside a program has changed. */
export async function bundlePrograms() {
  const value = digest({
    files: [join(root, 'pnpm-lock.yaml'), join(root, 'scripts/jest-programs.mjs')],
    folders: [
      ...folders.map((folder) => join(root, folder)),
      ...workspacePackages().map(({ directory }) => join(directory, 'src')),
    ],
  });
  const stamp = `${outdir}.made-from`;
  if (isStamped(stamp, value)) return;
  rmSync(outdir, { recursive: true, force: true });
  await build({
    ...{ entryPoints: entryPoints(), outdir, outbase: root, outExtension: { '.js': '.mjs' } },
    ...{ bundle: true, platform: 'node', target: 'node20', format: 'esm' },
    conditions: ['@tollgate/source'],
    external: ['pg-native', '@electric-sql/pglite'],
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
    logLevel: 'error',
  });
  writeStamp(stamp, value);
}
