import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readPackages } from '../architecture/house.js';
import { root } from '../pages.js';
import { buildPackages, runNode, tsc, tsc6 } from '../programs.js';
import {
  exportedNames,
  installOtherCore,
  makeConsumer,
  type Packed,
  packAll,
  readUnpacked,
  unpackedFiles,
} from './consumers.js';

const names = readPackages('packages').flatMap(({ manifest }) => (manifest.private ? [] : [manifest.name]));
/** Express 4 as well in `npm run test:long`; the packages' own tests use both versions. */
const versions =
  process.env.TOLLGATE_LONG === '1' ? (['express', 'express4'] as const) : (['express'] as const);
let packed: Packed[];
const projects = new Map<string, string>();
const projectWith = (express: string): string => projects.get(express) ?? '';

beforeAll(async () => {
  await buildPackages();
  packed = await packAll('packaging');
  for (const express of versions) projects.set(express, await makeConsumer(packed, express));
}, 240_000);

afterAll(() => {
  for (const project of projects.values()) rmSync(project, { recursive: true, force: true });
});

/** The pages of `docs/` and their pictures. */
function pagesOfDocs(): string[] {
  return readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(?:md|svg)$/.test(path) && !/^(?:node_modules|reference|\.vitepress)|\[/.test(path))
    .map((path) => join('docs', path));
}

/** Files that users copy or read, beside the code. */
const beside: Readonly<Record<string, readonly string[]>> = {
  tollgate: pagesOfDocs(),
  '@tollgate/core': pagesOfDocs(),
  'create-tollgate': ['proxy', 'app'].flatMap((name) =>
    ['README.md', 'env', 'gitignore', 'server.ts'].map((file) => `templates/${name}/${file}`),
  ),
  '@tollgate/telemetry': [
    'grafana/abuse.json',
    'grafana/money.json',
    'grafana/reliability.json',
    'prometheus/alerts.yml',
  ],
};

describe('the packed packages', () => {
  for (const name of names) {
    it(`${name} carries what it needs and nothing else`, () => {
      const files = unpackedFiles(projectWith('express'), name);
      const top = files.filter((file) => !file.startsWith('dist')).sort();
      const more = beside[name] ?? [];
      expect(top).toEqual(['LICENSE', 'README.md', ...more, 'package.json'].sort());
      expect(files).toEqual(
        expect.arrayContaining(
          ['index.js', 'index.cjs', 'index.d.ts', 'index.d.cts'].map((file) => join('dist', file)),
        ),
      );
      const manifest = readUnpacked(projectWith('express'), name, 'package.json');
      expect(manifest).not.toMatch(/workspace:|catalog:|@tollgate\/source/);
    });
  }

  for (const express of versions) {
    it(`load and export the same names by import and by require, beside ${express}`, async () => {
      const imported = await exportedNames(projectWith(express), names, 'import');
      const required = await exportedNames(projectWith(express), names, 'require');
      expect(Object.keys(imported)).toEqual(names);
      expect(required).toEqual(imported);
    }, 150_000);
  }
});

describe('a copy of a package loaded by import and one loaded by require', () => {
  it('work together: a fetch of the one is metered in the context of the other', async () => {
    const script = `
      import { createRequire } from 'node:module';
      import { runWith } from '@tollgate/meter';
      const { meteredFetch } = createRequire(process.cwd() + '/')('@tollgate/meter');
      const body = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } };
      const sent = meteredFetch({ fetch: async () => Response.json(body) });
      const caller = { id: 'k', tenant: 't', plan: 'p', scopes: [], labels: {} };
      const write = (event) => process.stdout.write([event.tenant, event.inputTokens, event.outputTokens].join(' '));
      const asked = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'hi' }] };
      const init = { method: 'POST', body: JSON.stringify(asked) };
      await runWith(caller, async () => (await sent('https://api.openai.com/v1/chat/completions', init)).json(), { sinks: [{ write }] });`;
    const ran = await runNode(['--input-type=module', '-e', script], projectWith('express'));
    expect(ran).toEqual({ ended: 0, output: 't 3 4' });
  }, 150_000);
});

describe('an embedded database whose package is not installed', () => {
  it('is refused at start, and the message names the package', async () => {
    const script = `
      import { database } from '@tollgate/postgres';
      try { database({ directory: '.data' }); } catch (error) { process.stdout.write(error.message); }`;
    expect(await runNode(['--input-type=module', '-e', script], projectWith('express'))).toEqual({
      ended: 0,
      output:
        'database: "directory" needs the package @electric-sql/pglite: npm install @electric-sql/pglite',
    });
  });
});

describe('packages that use internal names of core', () => {
  // These use no other package.
  const siblings = names.filter(
    (name) => !['@tollgate/core', '@tollgate/simulator', 'create-tollgate'].includes(name),
  );
  const manifestOf = (name: string): { version: string; dependencies?: Record<string, string> } =>
    JSON.parse(readUnpacked(projectWith('express'), name, 'package.json'));

  it.each(siblings)('%s pins the exact version of core', (name) => {
    expect(manifestOf(name).dependencies?.['@tollgate/core']).toBe(manifestOf('@tollgate/core').version);
  });

  it.each(['meter', 'upstream', 'cache'])('@tollgate/%s pins the exact version of wire as well', (name) => {
    const { dependencies } = manifestOf(`@tollgate/${name}`);
    expect(dependencies?.['@tollgate/wire']).toBe(manifestOf('@tollgate/wire').version);
  });

  describe('in an app that installed another version of core', () => {
    const script = `
      import { once } from 'node:events';
      import { authenticate, memoryKeys } from '@tollgate/auth';
      import { contextOf, definePlans, tollgateErrors } from '@tollgate/core';
      import { rateLimit } from '@tollgate/rate-limit';
      import express from 'express';
      const plans = definePlans({ free: { requests: '1/min' } });
      const keys = memoryKeys();
      const { key } = await keys.create({ tenant: 'acme', plan: 'free' });
      const app = express();
      app.use(authenticate({ plans, keys }), rateLimit({ plans }));
      app.get('/', (req, res) => res.json(contextOf(req, res).caller.tenant));
      app.use(tollgateErrors());
      const server = app.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = 'http://127.0.0.1:' + server.address().port;
      const headers = { authorization: 'Bearer ' + key };
      for (let count = 0; count < 2; count += 1) {
        const answer = await fetch(url, { headers });
        console.log(answer.status, answer.status === 200 ? await answer.json() : (await answer.json()).error.code);
      }
      server.close();
      server.closeAllConnections();`;
    let project = '';
    let pinned = '';

    beforeAll(async () => {
      project = await makeConsumer(packed, 'express');
      pinned = installOtherCore(project, siblings);
    }, 120_000);
    afterAll(() => rmSync(project, { recursive: true, force: true }));

    it('each keeps the core that it pins, and they work together', async () => {
      const ran = await runNode(['--input-type=module', '-e', script], project);
      expect(ran).toEqual({ ended: 0, output: '200 acme\n429 rate_limit_exceeded\n' });
    }, 150_000);

    it('they fail while they load, and name what is missing, where the other version is forced on them', async () => {
      rmSync(pinned, { recursive: true });
      cpSync(join(project, 'node_modules/@tollgate/core'), pinned, { recursive: true });
      const { ended, output } = await runNode(['--input-type=module', '-e', script], project);
      expect(ended).toBe(1);
      expect(output).toMatch(/'@tollgate\/core\/internal' does not provide an export named/);
    }, 150_000);
  });
});

const asNode10 = { module: 'CommonJS', moduleResolution: 'node10', ignoreDeprecations: '6.0' };
const ways: [way: string, compiler: string, file: string, compilerOptions: Record<string, unknown>][] = [
  ['NodeNext, ES modules', tsc, 'consumer.mts', { module: 'NodeNext' }],
  ['NodeNext, CommonJS', tsc, 'consumer.cts', { module: 'NodeNext' }],
  ['ES modules with a bundler', tsc, 'bundled.ts', { module: 'ESNext', moduleResolution: 'bundler' }],
];
if (process.env.TOLLGATE_LONG === '1')
  ways.push(
    ['CommonJS with a bundler', tsc, 'consumer.ts', { module: 'CommonJS', moduleResolution: 'bundler' }],
    ['CommonJS, resolved without "exports"', tsc6, 'node10.ts', asNode10],
  );

describe('TypeScript projects that use the packed packages', () => {
  for (const [way, compiler, file, compilerOptions] of ways) {
    it(`compile as ${way}, strictly`, async () => {
      const project = projectWith('express');
      const uses = [...names, '@tollgate/core/internal'].map(
        (name, index) => `import * as package${index} from '${name}';\nvoid package${index};`,
      );
      writeFileSync(join(project, file), uses.join('\n'));
      const settings = join(project, `tsconfig.${file}.json`);
      const options = {
        ...compilerOptions,
        target: 'ES2022',
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        exactOptionalPropertyTypes: true,
        types: ['node'],
      };
      writeFileSync(settings, JSON.stringify({ compilerOptions: options, files: [file] }));
      expect(await runNode([compiler, '-p', settings], project)).toEqual({ ended: 0, output: '' });
    }, 150_000);
  }
});
