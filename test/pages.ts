import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What the site's tools install and make below `docs/`. */
const made = /^(?:node_modules|reference|\.vitepress)[\\/]/;

/** The READMEs of packages and examples, and the pages of `docs/`, as slash paths relative to the root. */
export function pages(): string[] {
  const readmes = ['packages', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}/README.md`),
  );
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !made.test(path))
    .map((path) => `docs/${path.replaceAll('\\', '/')}`);
  return [...readmes, ...docs].filter((path) => existsSync(join(root, path)));
}
