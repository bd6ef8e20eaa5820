/** `npm run bench`: runs test/bench/*.bench.ts, one after the other, on the built packages; an argument selects by name. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { foreground } from './run.mjs';
import { setUp } from './set-up.mjs';
import { root } from './workspace.mjs';

await setUp();
const folder = join(root, 'test/bench');
const [wanted = ''] = process.argv.slice(2);
const all = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.bench.ts')) : [];
const named = all.filter((file) => file === `${wanted}.bench.ts`);
const files = named.length > 0 ? named : all.filter((file) => file.includes(wanted));
if (files.length === 0) console.error(`No benchmark in test/bench matches "${wanted}".`);
process.exitCode = files.length === 0 ? 1 : 0;

for (const file of files) {
  const { build } = await import('esbuild');
  const outfile = join(root, 'test/.work/bench', `${basename(file, '.ts')}.mjs`);
  const input = { entryPoints: [join(folder, file)], outfile, bundle: true, packages: 'external' };
  await build({ ...input, platform: 'node', target: 'node20', format: 'esm', logLevel: 'error' });
  process.exitCode = (await foreground(process.execPath, ['--expose-gc', outfile])) || process.exitCode;
}
