import { build } from 'esbuild';

/** Bundles a program with Tollgate's sources into one file, so that a test can start it in a separate process or thread. */
export async function bundleProgram(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['@tollgate/source'],
    external: ['pg-native', '@electric-sql/pglite'],
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
    logLevel: 'error',
  });
}
