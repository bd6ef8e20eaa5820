/** `npm run docs`: makes the reference from the types, then builds the site and fails for a dead link; `--dev` serves it while you write. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { foreground } from './run.mjs';
import { setUp } from './set-up.mjs';
import { root } from './workspace.mjs';

const docs = join(root, 'docs');
const bin = (name) => join(docs, 'node_modules/.bin', name);
const isWriting = process.argv.includes('--dev');

await setUp();
rmSync(join(docs, 'reference'), { recursive: true, force: true });
const code =
  (await foreground(process.execPath, [join(docs, 'reference.mjs')], { cwd: docs })) ||
  (await foreground(bin('vitepress'), [isWriting ? 'dev' : 'build', '.'], { cwd: docs }));
process.exitCode = code;
