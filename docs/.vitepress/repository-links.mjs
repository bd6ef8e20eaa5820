/** Links between files of the repository, on the site: to the page of a README where there is one, else plain text, since sources have no page. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const isExternal = (href) => /^(?:[a-z]+:|#|\/)/i.test(href);

/** What a link becomes; `undefined`: there is no page. */
export function siteLink(href, file, root) {
  if (isExternal(href)) return href;
  const [, path, anchor = ''] = /^([^#]*)(#.*)?$/.exec(href);
  const target = resolve(dirname(file), decodeURI(path));
  if (!existsSync(target)) return href; // VitePress reports it, unless it is a page that the build makes
  if (target === join(root, 'README.md')) return `/${anchor}`;
  const isFolder = statSync(target).isDirectory();
  if (isFolder && !existsSync(join(target, 'README.md'))) return undefined;
  if (!isFolder && !target.endsWith('.md')) return undefined;
  const page = isFolder ? join(target, 'index') : target.replace(/README\.md$/, 'index.md');
  return `/${relative(root, page)
    .split(sep)
    .join('/')
    .replace(/index(?:\.md)?$/, '')}${anchor}`;
}

/** A plug-in of markdown-it. */
export function repositoryLinks(md, root) {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    const file = env.realPath ?? env.path;
    if (!file) return;
    for (const { children } of tokens) {
      let isGone = false;
      for (const token of children ?? []) {
        if (token.type === 'link_open') {
          const link = siteLink(token.attrGet('href') ?? '', file, root);
          isGone = link === undefined;
          if (!isGone) token.attrSet('href', link);
        }
        if (!isGone || !token.type.startsWith('link_')) continue;
        isGone = token.type === 'link_open';
        token.type = 'text';
        token.content = '';
        token.tag = '';
        token.nesting = 0;
      }
    }
  });
}
