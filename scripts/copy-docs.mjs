/** While `tollgate` is packed, the pages of docs/ are copied into it, so that messages and editors find them beside the code; `--remove` afterwards. */
import { cpSync, rmSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { root } from './workspace.mjs';

const made = new Set(['node_modules', 'reference', '.vitepress']);
const target = join(root, 'packages/tollgate/docs');
rmSync(target, { recursive: true, force: true });
if (!process.argv.includes('--remove'))
  cpSync(join(root, 'docs'), target, {
    recursive: true,
    filter: (path) =>
      !made.has(basename(path)) && ['', '.md', '.svg'].includes(extname(path)) && !path.includes('['),
  });
