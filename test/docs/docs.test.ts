import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { pages, root } from '../pages.js';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
/** Without blocks and spans of code, in which brackets mean something else. */
const proseOf = (path: string): string => read(path).replace(/```[\s\S]*?```|`[^`\n]*`/g, '');
/** A folder's page is its README. */
const pageAt = (path: string): string => (path.endsWith('.md') ? path : join(path, 'README.md'));
const all = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', ...pages()];

/** Members of a union of texts in a source. */
function membersOf(path: string, type: string): string[] {
  const [, members = ''] = new RegExp(`export type ${type} =([^;]*);`).exec(read(path)) ?? [];
  return [...members.matchAll(/'(\w+)'/g)].map(([, name]) => name as string);
}

/** Names in backticks in the first column of the tables of a page. */
const firstColumn = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) =>
      [...(line.split(' | ')[0] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name as string),
    );

describe('docs/errors.md', () => {
  const explained = firstColumn(read('docs/errors.md'));

  it('explains every error code and every warning, and no other', () => {
    const codes = membersOf('packages/core/src/lib/tollgate-error.ts', 'TollgateErrorCode');
    const warnings = membersOf('packages/core/src/lib/warning.ts', 'WarningCode');
    expect([codes.length > 30, warnings.length > 20]).toEqual([true, true]);
    expect([...explained].sort()).toEqual([...codes, ...warnings].sort());
  });
});

/** Names that have no line of their own in the first column of a page's tables. */
const missingIn = (page: string, names: readonly string[]): string[] => {
  const named = firstColumn(read(page));
  return [...new Set(names)].filter((name) => !named.includes(name));
};

describe('docs/from', () => {
  const require = createRequire(import.meta.url);

  it('has a line for every option of express-rate-limit', () => {
    const types = readFileSync(require.resolve('express-rate-limit').replace(/\.\w+$/, '.d.ts'), 'utf8');
    const [, body = ''] = /export type Options = \{([\s\S]*?)\n\};/.exec(types) ?? [];
    const options = [...body.matchAll(/^\t(\w+)\??:/gm)].map(([, name]) => name as string);
    expect(options.length).toBeGreaterThan(15);
    expect(missingIn('docs/from/express-rate-limit.md', options)).toEqual([]);
  });

  it('has a line for every option of rate-limiter-flexible', () => {
    const folder = dirname(require.resolve('rate-limiter-flexible/package.json'));
    const types = readFileSync(join(folder, 'types.d.ts'), 'utf8');
    const options = [...types.matchAll(/interface IRateLimiter\w*Options[^{]*\{([\s\S]*?)\n\}/g)].flatMap(
      ([, fields = '']) => [...fields.matchAll(/^ {2,4}(\w+)\??:/gm)].map(([, name]) => name as string),
    );
    expect(options.length).toBeGreaterThan(15);
    expect(missingIn('docs/from/rate-limiter-flexible.md', options)).toEqual([]);
  });
});

describe('every page', () => {
  it.each(all)('%s has no dead link', (page) => {
    const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
    const dead = links
      .filter((target) => !/^(?:https?:|mailto:|#)/.test(target))
      .filter((target) => !existsSync(join(root, dirname(page), target.split('#')[0] as string)));
    expect(dead).toEqual([]);
  });

  it('leads to headings that exist', () => {
    for (const page of all) {
      for (const [, file = '', anchor = ''] of proseOf(page).matchAll(/\]\(([^)#\s:]*)#([\w-]+)\)/g)) {
        const target = file === '' ? page : pageAt(join(dirname(page), file));
        const headings = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
          heading
            .toLowerCase()
            .replace(/[^\w\s-]/g, '')
            .trim()
            .replace(/\s/g, '-'),
        );
        expect([page, headings]).toEqual([page, expect.arrayContaining([anchor])]);
      }
    }
  });
});

/** Scripts of the site, which have no types. */
const moduleAt = (path: string) => import(pathToFileURL(join(root, path)).href);

describe('the site', () => {
  it('has a page for each error code and warning', async () => {
    const { codesIn } = await moduleAt('docs/errors/[code].paths.mjs');
    const codes = (
      codesIn(read('docs/errors.md')) as { params: { code: string; means: string; act: string } }[]
    ).map(({ params }) => params);
    expect(codes.map(({ code }) => code)).toEqual(firstColumn(read('docs/errors.md')));
    expect(codes.filter(({ means, act }) => !means || !act)).toEqual([]);
  });

  it('turns links to sources into text, and links to folders into links to their pages', async () => {
    const { siteLink } = await moduleAt('docs/.vitepress/repository-links.mjs');
    const from = join(root, 'docs/systems.md');
    const linked = (href: string) => siteLink(href, from, root);
    expect(linked('../examples/proxy')).toBe('/examples/proxy/');
    expect(linked('../packages/core/README.md#use')).toBe('/packages/core/#use');
    expect(linked('./start.md#a-proxy')).toBe('/docs/start.md#a-proxy');
    expect(linked('../examples/proxy/src/server.ts')).toBeUndefined();
    expect(linked('../README.md')).toBe('/');
    expect(linked('https://example.com')).toBe('https://example.com');
  });

  it('has a picture of the packages as they import each other now', async () => {
    const { drawing } = await moduleAt('scripts/architecture.mjs');
    expect(read('docs/architecture.svg')).toBe(drawing());
  });
});
