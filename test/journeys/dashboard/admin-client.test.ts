import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { buildPackages, runNode, tsc } from '../../programs.js';

const work = join(import.meta.dirname, '../../.work');

/** Writes the OpenAPI document of an app's admin API as types. In a process of its own: the generator is loaded beside nothing else. */
const generate = `
import { writeFileSync } from 'node:fs';
import express from 'express';
import openapiTS, { astToString } from 'openapi-typescript';
import { admin } from '@tollgate/admin';
import { definePlans, memoryQuota } from 'tollgate';
const facts = { isReady: true, inFlight: 0, unverified: 0, fromGrace: 0 };
const tg = { plans: definePlans({ pro: { spend: '$5/day' } }), store: memoryQuota(), ...facts };
const router = admin({ tg, authorize: () => ({ name: 'x', role: 'viewer' }) });
const server = express().use('/admin', router).listen(0, '127.0.0.1', async () => {
  const answer = await fetch('http://127.0.0.1:' + server.address().port + '/admin/openapi.json');
  writeFileSync(process.argv[2], astToString(await openapiTS(await answer.json())));
  router.close();
  server.close();
});
`;

/** Uses what a client would: parameters, bodies, answers by status. */
const client = `
import type { operations, paths } from './api.js';
type Answer<Name extends keyof operations, Status extends keyof operations[Name]['responses']> =
  operations[Name]['responses'][Status] extends { content: { 'application/json': infer Body } } ? Body : never;
export const query: NonNullable<operations['getUsage']['parameters']['query']> = { by: 'model,day', tenant: 'acme' };
export const off: operations['postSwitchOff']['requestBody']['content']['application/json'] = { kind: 'tenant', name: 'acme', reason: 'x' };
export const costOf = ({ data }: Answer<'getUsage', 200>): string[] => data.map((row) => row.cost_usd);
export const refused = ({ error }: Answer<'postKeysKeyIdRotate', 404>): string => error.code;
export const secret = ({ secret: shown }: Answer<'postKeysKeyIdRotate', 200>): string => shown;
export const path: keyof paths = '/incidents/{id}/undo';
// @ts-expect-error: there is no such kind
export const wrong: operations['postSwitchOff']['requestBody']['content']['application/json'] = { kind: 'planet', name: 'x', reason: 'x' };
`;

describe('a client that is generated from the OpenAPI document', () => {
  it('compiles, and knows parameters, bodies and answers by status', async () => {
    await buildPackages();
    mkdirSync(work, { recursive: true });
    const folder = mkdtempSync(join(work, 'admin-client-'));
    writeFileSync(join(folder, 'generate.mjs'), generate);
    expect(await runNode(['generate.mjs', join(folder, 'api.ts')], folder, 60_000)).toEqual({
      ended: 0,
      output: '',
    });
    writeFileSync(join(folder, 'client.ts'), client);
    const compilerOptions = {
      strict: true,
      noEmit: true,
      module: 'NodeNext',
      target: 'ES2023',
      lib: ['ES2023'],
      types: [],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    expect(await runNode([tsc, '-p', folder])).toEqual({ ended: 0, output: '' });
    rmSync(folder, { recursive: true });
  }, 180_000);
});
