import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { buildPackages, runNode } from '../programs.js';

const tests = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(tests, '.work/bundled');
const app = `
  import { once } from 'node:events';
  import express from 'express';
  import { memoryKeys, tollgate } from 'tollgate';
  const keys = memoryKeys();
  const { key } = keys.create({ tenant: 'acme', plan: 'free' });
  const tg = tollgate({ plans: { free: { requests: '1/min' } }, keys, log: false });
  const app = express();
  app.use(tg.guards());
  app.get('/', (req, res) => void res.json(req.tollgate.caller.tenant));
  app.use(tg.errors());
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = 'http://127.0.0.1:' + server.address().port;
  for (const credential of ['none', key, key]) {
    const answer = await fetch(url, { headers: { authorization: 'Bearer ' + credential } });
    const body = await answer.json();
    console.log(answer.status, body.error?.code ?? body);
  }
  server.close();
  server.closeAllConnections();
  await tg.close();`;
/** What CommonJS packages in a bundle of ES modules need. */
const banner = {
  js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
};

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  await buildPackages();
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('an app that is bundled with everything it uses', () => {
  it.each([
    ['an ES module', 'esm', 'mjs'],
    ['CommonJS', 'cjs', 'cjs'],
  ] as const)(
    'as %s lets in and refuses as one that is not',
    async (_what, format, ending) => {
      const outfile = join(folder, `app.${ending}`);
      const contents =
        format === 'esm'
          ? app
          : `(async () => {${app.replace(/import \{?(.*?)\}? from '(.*?)';/g, importToRequire)}})();`;
      await build({
        ...{
          stdin: { contents, resolveDir: tests },
          outfile,
          format,
          bundle: true,
          platform: 'node',
          target: 'node20',
        },
        ...{ external: ['pg-native', '@electric-sql/pglite'], logLevel: 'error' },
        ...(format === 'esm' && { banner }),
      });
      expect(await runNode([outfile], folder)).toEqual({
        ended: 0,
        output: '401 invalid_api_key\n200 acme\n429 rate_limit_exceeded\n',
      });
    },
    150_000,
  );
});

const importToRequire = (line: string, names: string, from: string): string =>
  line.includes('{') ? `const {${names}} = require('${from}');` : `const ${names} = require('${from}');`;
