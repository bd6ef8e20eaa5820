/** The site: pages of docs/, READMEs of packages and examples, and the reference that `npm run docs` makes from the types. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import llms from 'vitepress-plugin-llms';
import { repositoryLinks } from './repository-links.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Folders with a README, as entries of a sidebar. */
function readmes(folder) {
  return readdirSync(join(root, folder))
    .filter((name) => existsSync(join(root, folder, name, 'README.md')))
    .map((name) => ({ text: name, link: `/${folder}/${name}/` }));
}

/** Pages of a folder of docs/, by their headings. */
function pages(folder) {
  return readdirSync(join(root, 'docs', folder))
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .sort()
    .map((name) => {
      const [, heading = name] =
        /^# (.*)$/m.exec(readFileSync(join(root, 'docs', folder, name), 'utf8')) ?? [];
      return { text: heading.replaceAll('`', ''), link: `/docs/${folder}/${name.slice(0, -3)}` };
    });
}

/** Pages outside of docs/ have no Vue beside them. */
const vueBesideDocs = {
  name: 'vue-beside-docs',
  enforce: 'pre',
  resolveId(id, _importer, { ssr }) {
    if (ssr && /^vue(?:\/|$)/.test(id))
      return this.resolve(id, join(root, 'docs/package.json'), { skipSelf: true });
  },
};

const page = (text, name) => ({ text, link: `/docs/${name}` });
const section = (text, items, collapsed = true) => ({ text, items, collapsed });

export default defineConfig({
  title: 'Tollgate',
  description:
    'Express middleware for routes that call paid AI providers: keys, limits, metering and hard budgets.',
  lang: 'en',
  base: process.env.DOCS_BASE ?? '/',
  srcDir: '..',
  srcExclude: [
    ...[
      'README.md',
      'test/mutation/**',
      '**/.work/**',
      '**/dist/**',
      'reports/**',
      '.github/**',
      '.changeset/**',
    ],
    ...[
      'packages/*/CHANGELOG.md',
      'packages/{core,tollgate}/docs/**',
      'packages/testkit/**',
      'packages/*/src/**',
    ],
  ],
  rewrites: (id) => (id === 'docs/index.md' ? 'index.md' : id.replace(/README\.md$/, 'index.md')),
  cleanUrls: true,
  metaChunk: true,
  markdown: { config: (md) => md.use(repositoryLinks, root) },
  vite: {
    plugins: [
      llms({ ignoreFiles: ['docs/reference/**', 'docs/decisions/**', 'CHANGELOG.md'] }),
      vueBesideDocs,
    ],
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      page('Start', 'start'),
      page('Systems', 'systems'),
      { text: 'Packages', link: '/packages/tollgate/' },
      page('Reference', 'reference/'),
      { text: 'Changelog', link: '/CHANGELOG' },
    ],
    sidebar: [
      section(
        'Start',
        [
          page('Five minutes', 'start'),
          page('Twelve systems', 'systems'),
          page('Recipes', 'recipes'),
          page('Questions', 'faq'),
          page('Support and versions', 'support'),
        ],
        false,
      ),
      section('Concepts', [page('Terms', 'concepts'), ...pages('concepts')], false),
      section('How to: examples', readmes('examples')),
      section('Integrations', pages('integrations')),
      section('Operations', [page('Production checklist', 'production'), ...pages('operations')]),
      section('Errors and security', [
        page('Error codes and warnings', 'errors'),
        page('Security model', 'security'),
        page('Performance', 'performance'),
      ]),
      section('Beside others', [page('Comparison', 'comparison'), ...pages('from')]),
      section(
        'Packages',
        readmes('packages').filter(({ text }) => text !== 'testkit'),
      ),
      section('Reference', [page('All packages', 'reference/')]),
      section('Inside', [
        page('Architecture', 'architecture'),
        page('Which file answers what', 'where'),
        page('Layers to Redis', 'redis-layers'),
        page('Migration notes', 'migration'),
        { text: 'Contributing', link: '/CONTRIBUTING' },
        section('Decisions', [page('Index', 'decisions/'), ...pages('decisions')]),
      ]),
    ],
  },
});
