/**
 * `npm run release -- --repository URL [--docs URL]`: versions by the changesets, writes the repository's address into every public manifest and the site's
 * into messages, checks everything and shows what would be published; with `--publish` publishes it. Needs a clean checkout. Commits and tags nothing: it says how.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { capture, foreground } from './run.mjs';
import { setUp } from './set-up.mjs';
import { publicPackages, root } from './workspace.mjs';

/** A manifest with the addresses that npm shows, and by which it resolves the relative links of a README. */
export function withRepository(manifest, url, directory) {
  const page = url.replace(/^git\+/, '').replace(/\.git$/, '');
  const { name, version, description, keywords, ...rest } = manifest;
  return {
    ...{ name, version, description, keywords },
    homepage: `${page}/tree/main/${directory}#readme`,
    bugs: `${page}/issues`,
    repository: { type: 'git', url: `git+${page}.git`, directory },
    ...rest,
  };
}

/** The source of `docs-url.ts` with the address of the site that messages name. */
export function withSite(source, url) {
  const line = /^const released: string = '[^']*';$/m;
  if (!line.test(source)) throw new Error('docs-url.ts has no line for the address of the site');
  return source.replace(line, `const released: string = '${url.replace(/\/+$/, '')}';`);
}

/** The value after `name`; `undefined` where it is absent, `null` where it is no URL of this form. */
function urlAfter(name, args, form) {
  if (!args.includes(name)) return undefined;
  const value = args[args.indexOf(name) + 1] ?? '';
  return URL.canParse(value) && form.test(value) ? value : null;
}

async function release(args) {
  const url = urlAfter('--repository', args, /./);
  // It is written into a text in code, and packages refuse any other address as they are loaded.
  const site = urlAfter('--docs', args, /^https?:\/\/[\w.~:/%-]+$/);
  if (!url || site === null) {
    console.error(
      `Which ${url ? 'site' : 'repository'}? npm run release -- --repository https://host/owner/name [--docs https://docs.example.com] [--publish]`,
    );
    return 2;
  }
  const { log } = await capture('git', ['status', '--porcelain'], { cwd: root });
  if (log.trim() !== '') {
    console.error(`The checkout has changes:\n${log}`);
    return 1;
  }
  await setUp();
  const bin = (name) => join(root, 'node_modules/.bin', name);
  const versioned = await foreground(bin('changeset'), ['version']);
  if (versioned !== 0) return versioned;
  for (const { directory, path } of publicPackages()) {
    const file = join(directory, 'package.json');
    const manifest = withRepository(JSON.parse(readFileSync(file, 'utf8')), url, path);
    writeFileSync(file, `${JSON.stringify(manifest, undefined, 2)}\n`);
  }
  if (site) {
    const file = join(root, 'packages/core/src/lib/docs-url.ts');
    writeFileSync(file, withSite(readFileSync(file, 'utf8'), site));
  }
  const checked = await foreground(process.execPath, [fileURLToPath(new URL('check.mjs', import.meta.url))]);
  if (checked !== 0) return checked;
  const publish = ['--recursive', 'publish', '--access', 'public', '--no-git-checks'];
  const code = await foreground(
    bin('pnpm'),
    args.includes('--publish') ? publish : [...publish, '--dry-run'],
  );
  if (code === 0) console.log('Next: git commit --all, npx changeset tag, git push --follow-tags');
  return code;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.exitCode = await release(process.argv.slice(2));
