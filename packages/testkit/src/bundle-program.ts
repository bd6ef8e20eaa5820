import { build } from 'esbuild';

/** Makes one file of a program and our sources, so that a test can start it in a process or a thread of its own. */
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
