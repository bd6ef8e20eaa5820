/**
 * Bundles packages of hundreds of modules into one file each for Jest. Jest loads the modules of each test file again, at about a
 * millisecond a module: without this, loading took a quarter of the tests' time.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundlePackages } from './jest-packages.mjs';
import { bundlePrograms } from './jest-programs.mjs';
import { globals } from './jest-transform.mjs';
import { digest, isStamped, writeStamp } from './stamp.mjs';
import { root } from './workspace.mjs';

const folder = join(root, '.work/jest-modules');

/** The folder that a package is resolved from, by the form in which Jest loads it. */
const commonJs = {
  express: 'packages/core',
  redis: 'packages/redis',
  'prom-client': 'packages/telemetry',
  supertest: '.',
  undici: 'packages/upstream',
};
const esModules = {
  '@anthropic-ai/sdk': '.',
  jose: 'packages/auth',
  kysely: 'packages/postgres',
  openai: '.',
};

const fileOf = (name, extension) => join(folder, `${name.replace('/', '-')}.${extension}`);
const entries = [
  ...Object.keys(commonJs).map((name) => [name, fileOf(name, 'cjs')]),
  ...Object.keys(esModules).map((name) => [name, fileOf(name, 'mjs')]),
];

/** For `moduleNameMapper`. */
export const bundledModules = Object.fromEntries(entries.map(([name, file]) => [`^${name}$`, file]));

function bundle(name, from, format) {
  const directory = join(root, from);
  const source =
    format === 'cjs'
      ? { entryPoints: [createRequire(join(directory, 'package.json')).resolve(name)] }
      : {
          stdin: {
            contents: `export * from '${name}'; import * as all from '${name}'; export default all.default;`,
            resolveDir: directory,
          },
        };
  return build({
    ...source,
    outfile: fileOf(name, format === 'cjs' ? 'cjs' : 'mjs'),
    ...{ bundle: true, platform: 'node', target: 'node20', format, logLevel: 'error' },
    banner: { js: `const { ${globals.join(', ')} } = globalThis;` },
  });
}

/** Makes the files again when the lockfile or this one has changed. */
async function bundleDependencies() {
  const value = digest({ files: [join(root, 'pnpm-lock.yaml'), join(root, 'scripts/jest-modules.mjs')] });
  const stamp = join(folder, 'made-from');
  if (isStamped(stamp, value)) return;
  await Promise.all([
    ...Object.entries(commonJs).map(([name, from]) => bundle(name, from, 'cjs')),
    ...Object.entries(esModules).map(([name, from]) => bundle(name, from, 'esm')),
  ]);
  writeStamp(stamp, value);
}

/** Jest's `globalSetup`. */
export default async function makeModules() {
  await Promise.all([bundleDependencies(), bundlePackages(), bundlePrograms()]);
}
