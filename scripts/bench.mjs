/**
 * `npm run bench`: runs test/bench/*.bench.ts on the built packages, one after the other; an argument selects by name. Two run
 * only when they are named: `detection`, which takes far longer, and `guardrails-public DIR`, which needs data that is not ours. They run on Node 24, which is
 * installed below `.work/`; `BENCH_NODE=20` selects another version, `BENCH_NODE=this` the one that runs this script.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { nodeOf } from './nodes.mjs';
import { foreground } from './run.mjs';
import { setUp } from './set-up.mjs';
import { root } from './workspace.mjs';

await setUp();
const folder = join(root, 'test/bench');
const [wanted = '', ...args] = process.argv.slice(2);
const apart = {
  'detection.bench.ts': join(root, 'packages/watch/test/simulator/detection.bench.ts'),
  'guardrails-public.bench.ts': join(root, 'packages/guardrails/test/public/guardrails-public.bench.ts'),
};
const all = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.bench.ts')) : [];
const named = all.filter((file) => file === `${wanted}.bench.ts`);
const byName = `${wanted}.bench.ts` in apart ? [`${wanted}.bench.ts`] : named;
const files = byName.length > 0 ? byName : all.filter((file) => file.includes(wanted));
if (files.length === 0) console.error(`No benchmark in test/bench matches "${wanted}".`);
process.exitCode = files.length === 0 ? 1 : 0;

const wantedNode = process.env.BENCH_NODE ?? '24';
const { binary, version, reason } =
  wantedNode === 'this' ? { binary: process.execPath, version: process.version } : await nodeOf(wantedNode);
if (!binary) throw new Error(`Node ${wantedNode} ${reason}`);
console.log(`Node ${version}`);

for (const file of files) {
  const { build } = await import('esbuild');
  const outfile = join(root, 'test/.work/bench', `${basename(file, '.ts')}.mjs`);
  const input = {
    entryPoints: [apart[file] ?? join(folder, file)],
    outfile,
    bundle: true,
    packages: 'external',
  };
  await build({ ...input, platform: 'node', target: 'node20', format: 'esm', logLevel: 'error' });
  process.exitCode = (await foreground(binary, ['--expose-gc', outfile, ...args])) || process.exitCode;
}
