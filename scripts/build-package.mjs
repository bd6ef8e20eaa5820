/** Builds one package: types by tsc, ES modules of few files, and for published ones a CommonJS file with its types. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { capture } from './run.mjs';
import { root } from './workspace.mjs';

/** Published as ES modules only, so our CommonJS file carries them: `require` of them fails in users' Jest. */
const esmOnly = ['hyparquet-writer', 'jose'];

/** A relative specifier in a .d.ts names a file; its CommonJS twin must name the twin of that file. */
function writeCommonJsTypes(dist) {
  for (const entry of readdirSync(dist, { recursive: true })) {
    if (!entry.endsWith('.d.ts')) continue;
    const types = readFileSync(join(dist, entry), 'utf8').replace(
      /(['"])(\.\.?\/[^'"\n]*)\.js\1/g,
      '$1$2.cjs$1',
    );
    writeFileSync(join(dist, entry.replace(/\.d\.ts$/, '.d.cts')), types);
  }
}

/** The names of a package's entry files: `index`, and one for each further entry of its `exports`. */
const entriesOf = ({ exports = {} }) =>
  Object.keys(exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => (entry === '.' ? 'index' : entry.slice(2)));

/** Of those that tsc writes: the page is there before, for the tests too. */
const isModule = (file) => file.endsWith('.js') && !file.startsWith('page/');

/** Bundles the modules that tsc has written into the entry files and what they share: an app that opens a file a module starts twice as slowly. */
async function writeModules({ directory, manifest }, dist) {
  const entries = [...entriesOf(manifest), ...(manifest.bin ? ['bin'] : [])];
  if (entries.length === 0) return;
  const { outputFiles } = await build({
    entryPoints: entries.map((entry) => join(dist, `${entry}.js`)),
    ...{ outdir: dist, chunkNames: 'chunk-[hash]', write: false, absWorkingDir: directory },
    ...{ bundle: true, splitting: true, packages: 'external' },
    ...{ platform: 'node', target: 'node20', format: 'esm', logLevel: 'silent' },
  });
  for (const entry of readdirSync(dist, { recursive: true }).filter(isModule)) rmSync(join(dist, entry));
  for (const { path, contents } of outputFiles) writeFileSync(path, contents);
}

const exportedBy = async (file) => {
  const options = {
    entryPoints: [file],
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
  };
  const { metafile } = await build({ ...options, write: false, metafile: true, logLevel: 'silent' });
  return Object.values(metafile.outputs)[0].exports.sort();
};

/** Bundles a package into one file, so that its state exists once; with several entries, each of them re-exports its names from that file. */
async function writeCommonJs({ directory, manifest }, dist) {
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
  const external = Object.keys(declared).filter((name) => !esmOnly.includes(name));
  const entries = entriesOf(manifest);
  const contents = entries.map((entry) => `export * from './${entry}.js';`).join('\n');
  await build({
    stdin: { contents, resolveDir: dist, sourcefile: 'bundle.js' },
    outfile: join(dist, entries.length === 1 ? 'index.cjs' : 'bundle.cjs'),
    absWorkingDir: directory,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external,
    // A CommonJS file has no `import.meta`: code that reads its URL gets this instead.
    define: { 'import.meta.url': 'ownUrl' },
    banner: { js: "const ownUrl = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'silent',
  });
  if (entries.length === 1) return;
  for (const entry of entries) {
    const names = await exportedBy(join(dist, `${entry}.js`));
    const lines = ["'use strict';", "const bundle = require('./bundle.cjs');"];
    writeFileSync(
      join(dist, `${entry}.cjs`),
      `${[...lines, ...names.map((name) => `exports.${name} = bundle.${name};`)].join('\n')}\n`,
    );
  }
}

/**
 * Bundles a package's page for browsers into one module of the package (`#page`), compressed: a bundled app has no files beside it.
 * Each file is named by its content.
 */
async function writePage({ directory }, dist) {
  const entry = join(directory, 'page/main.ts');
  if (!existsSync(entry)) return;
  const folder = join(dist, 'page');
  const { outputFiles } = await build({
    ...{ entryPoints: [entry], entryNames: '[name]-[hash]', outdir: folder, write: false },
    ...{
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      legalComments: 'none',
      logLevel: 'silent',
    },
  });
  const files = outputFiles.map(({ path, contents }) => [
    basename(path),
    {
      gzip: gzipSync(contents, { level: 9 }).toString('base64'),
      brotli: brotliCompressSync(contents).toString('base64'),
    },
  ]);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'files.js'),
    `export const files = ${JSON.stringify(Object.fromEntries(files))};\n`,
  );
  const type = 'Readonly<Record<string, { readonly gzip: string; readonly brotli: string }>>';
  writeFileSync(join(folder, 'files.d.ts'), `export declare const files: ${type};\n`);
}

/** Resolves with an exit code and a log, as a step of a set-up wants. */
export async function buildPackage(one) {
  const dist = join(one.directory, 'dist');
  rmSync(dist, { recursive: true, force: true });
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
  const emit = [
    '--noEmit',
    'false',
    '--declaration',
    '--rootDir',
    'src',
    '--outDir',
    'dist',
    '--customConditions',
    'null',
  ];
  try {
    await writePage(one, dist);
  } catch (error) {
    return { code: 1, log: `${error.message}\n` };
  }
  const compiled = await capture(process.execPath, [tsc, '-p', 'tsconfig.json', ...emit], {
    cwd: one.directory,
  });
  if (compiled.code !== 0) return compiled;
  try {
    await writeModules(one, dist);
    if (!one.manifest.private) await writeCommonJs(one, dist);
  } catch (error) {
    return { code: 1, log: `${error.message}\n` };
  }
  if (!one.manifest.private) writeCommonJsTypes(dist);
  return compiled;
}
