import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `proxy`: clients send provider requests to the app. `app`: its own routes call models. */
export type Template = 'proxy' | 'app';
export type Language = 'ts' | 'js';

export const templates: readonly Template[] = ['proxy', 'app'];
export const languages: readonly Language[] = ['ts', 'js'];

/** Options of {@link create}. */
export interface CreateOptions {
  /** The folder of the new app, absolute or relative to the working directory; created where it does not exist. */
  directory: string;
  template: Template;
  language: Language;
  /** The version of Tollgate's packages. */
  version: string;
}

const source = fileURLToPath(new URL('../templates/', import.meta.url));
/** A folder with only these counts as empty. */
const ignored = new Set(['.git', '.DS_Store']);

/**
 * Writes a new app: sources, `package.json`, `.env`, `.gitignore`, README, and for TypeScript a `tsconfig.json`. Installs nothing. Returns the
 * absolute path of its folder. Throws an `Error` where the folder has files already: none is changed then.
 */
export function create({ directory, template, language, version }: CreateOptions): string {
  const folder = resolve(directory);
  if (existsSync(folder) && readdirSync(folder).some((name) => !ignored.has(name)))
    throw new Error(`${folder} is not empty. Name a new folder.`);
  mkdirSync(folder, { recursive: true });
  cpSync(join(source, template), folder, { recursive: true });
  // npm leaves files of these names out of packages.
  for (const name of ['gitignore', 'env']) renameSync(join(folder, name), join(folder, `.${name}`));
  // The sources contain no type annotations, so both languages share them.
  const server = `server.${language}`;
  if (language === 'js') renameSync(join(folder, 'server.ts'), join(folder, server));
  else writeFileSync(join(folder, 'tsconfig.json'), `${JSON.stringify(tsconfig, undefined, 2)}\n`);
  const manifest = manifestOf(basename(folder), template, language, version);
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  const readme = join(folder, 'README.md');
  writeFileSync(readme, readFileSync(readme, 'utf8').replaceAll('SERVER', server));
  return folder;
}

const tsconfig = {
  compilerOptions: {
    ...{ module: 'nodenext', target: 'es2023', strict: true, noUncheckedIndexedAccess: true },
    ...{ outDir: 'dist', rootDir: '.', types: ['node'], skipLibCheck: true },
  },
  include: ['*.ts'],
};

function manifestOf(folder: string, template: Template, language: Language, version: string): object {
  const name =
    folder
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[._-]+|[._-]+$/g, '') || 'my-tollgate';
  const scripts =
    language === 'ts' ? { start: 'tsc && node dist/server.js', build: 'tsc' } : { start: 'node server.js' };
  const sdk = template === 'app' ? { openai: '^6.49.0' } : {};
  const ours = { '@tollgate/simulator': `^${version}`, tollgate: `^${version}` };
  const types = { '@types/express': '^5.0.6', '@types/node': '^20.19.0', typescript: '^5.9.0' };
  return {
    ...{ name, version: '0.1.0', private: true, type: 'module', engines: { node: '>=20.12' }, scripts },
    dependencies: { ...ours, express: '^5.2.0', helmet: '^8.1.0', ...sdk },
    ...(language === 'ts' && { devDependencies: types }),
  };
}
