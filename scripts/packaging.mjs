/** Packs every published package and lets publint and attw judge the tarballs. */
import { join } from 'node:path';
import { pack } from './pack.mjs';
import { capture } from './run.mjs';
import { root } from './workspace.mjs';

const tool = (name, ...args) => capture(join(root, 'node_modules/.bin', name), args);

let failed = false;
for (const { name, tarball } of await pack(join(root, '.work/packs'))) {
  const verdicts = [
    await tool('publint', 'run', tarball, '--strict'),
    await tool('attw', tarball, '--no-emoji'),
  ];
  const good = verdicts.every(({ code }) => code === 0);
  failed ||= !good;
  console.log(`${good ? '✓' : '✗'} ${name}`);
  if (!good) console.log(verdicts.map(({ log }) => log).join('\n'));
}
process.exitCode = failed ? 1 : 0;
