/** Makes docs/reference: a page for each public package, from its exported names, their types and docstrings. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Application, Converter } from 'typedoc';

const pathOf = (path) => fileURLToPath(new URL(path, import.meta.url));
const manifests = readdirSync(pathOf('../packages'))
  .map((folder) => ({
    folder,
    ...JSON.parse(readFileSync(pathOf(`../packages/${folder}/package.json`), 'utf8')),
  }))
  .filter((one) => !one.private && one.exports);

const app = await Application.bootstrapWithPlugins({
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: manifests.map(({ folder }) => pathOf(`../packages/${folder}/src/index.ts`)),
  tsconfig: pathOf('../tsconfig.json'),
  out: pathOf('reference'), // is emptied
  name: 'Reference',
  readme: 'none',
  router: 'module',
  entryFileName: 'index',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  disableSources: true,
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  useCodeBlocks: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  skipErrorChecking: true,
  sort: ['source-order'],
  groupOrder: ['Functions', 'Classes', 'Variables', 'Interfaces', 'Type Aliases', '*'],
  validation: false,
  logLevel: 'Warn',
});
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const module of project.children ?? []) {
    const folder = /^([\w-]+)/.exec(module.name)?.[1];
    const known = manifests.find((one) => one.folder === folder);
    if (known) module.name = known.name.replace('@tollgate/', '');
  }
});
const project = await app.convert();
if (!project) process.exit(1);
await app.generateOutputs(project);
