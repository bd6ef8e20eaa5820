/**
 * While `tollgate` and `@tollgate/core`, which every other package needs, are packed, the pages of docs/ are copied into them, so that an
 * installation of any package has the pages that messages name; `--remove` afterwards. Runs in the folder of the package.
 */
import { cpSync, rmSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { root } from './workspace.mjs';

const made = new Set(['node_modules', 'reference', '.vitepress']);
const target = join(process.cwd(), 'docs');
if (target === join(root, 'docs')) throw new Error('run it in the folder of a package');
rmSync(target, { recursive: true, force: true });
if (!process.argv.includes('--remove'))
  cpSync(join(root, 'docs'), target, {
    recursive: true,
    filter: (path) =>
      !made.has(basename(path)) && ['', '.md', '.svg'].includes(extname(path)) && !path.includes('['),
  });
