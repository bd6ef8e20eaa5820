import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { authenticate, memoryKeys } from '@tollgate/auth';
import { budget } from '@tollgate/budget';
import { definePlans, jsonBody, memoryQuota } from '@tollgate/core';
import { forgetWarnings, type WarningCode } from '@tollgate/core/internal';
import { meter } from '@tollgate/meter';
import { rateLimit } from '@tollgate/rate-limit';
import { proxy } from '@tollgate/upstream';
import express, { type RequestHandler } from 'express';
import request from 'supertest';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const plans = definePlans({ free: { requests: '100/min', spend: '$1/day' } });
const keys = memoryKeys();
const { key } = keys.create({ tenant: 'acme', plan: 'free' });
const chat = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'hi' }] };

const auth = () => authenticate({ keys });
const limit = () => rateLimit({ plans });
const reserve = () => budget({ plans, store: memoryQuota() });

describe('a wrong option', () => {
  it.each<[string, () => unknown, string]>([
    [
      'authenticate',
      () => authenticate({ keys, rememberMs: -1 }),
      'authenticate: "rememberMs" must be an integer from 0',
    ],
    [
      'authenticate, misspelt',
      () => authenticate({ keys, remeberMs: 5 } as never),
      'did you mean "rememberMs"?',
    ],
    [
      'rateLimit',
      () => rateLimit({ plans, expectedProcesses: 0 }),
      'rateLimit: "expectedProcesses" must be a positive integer',
    ],
    [
      'jsonBody',
      () => jsonBody({ maxDepth: Number.NaN }),
      'jsonBody: "maxDepth" must be an integer from 1 to 1000, received NaN',
    ],
    [
      'meter',
      () => meter({ drainMs: '5' as never }),
      'meter: "drainMs" must be a positive integer, received "5"',
    ],
    ['budget', () => budget({ plans }), 'budget: "store" is required'],
    ['budget, misspelt', () => budget({ plan: plans } as never), 'did you mean "plans"?'],
    ['proxy', () => proxy({}), 'proxy: exactly one of "provider" and "providers" is required'],
    ['memoryQuota', () => memoryQuota({ thresholds: [2] }), 'memoryQuota: "thresholds" must be an array'],
  ])('of %s throws at start, naming factory, option and what was received', (_what, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('a hazard of the environment', () => {
  let warned: string[];
  beforeEach(() => {
    forgetWarnings();
    warned = [];
    jest.spyOn(process, 'emitWarning').mockImplementation((_message, options) => {
      warned.push((options as { code: string }).code);
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    forgetWarnings();
  });
  const send = async (...guards: RequestHandler[]) => {
    const app = express();
    app.use(...guards);
    app.post('/v1/chat/completions', (req, res) => {
      req.tollgate.noCall();
      res.json({});
    });
    app.use(((_error, _req, res, _next) => void res.status(500).json({})) as express.ErrorRequestHandler);
    for (let count = 0; count < 2; count += 1) {
      await request(app).post('/v1/chat/completions').set('Authorization', `Bearer ${key}`).send(chat);
    }
  };

  it.each<[string, () => RequestHandler[], WarningCode[]]>([
    ['nothing where the order is right', () => [auth(), limit(), jsonBody(), meter(), reserve()], []],
    [
      'rateLimit() before authenticate()',
      () => [limit(), auth(), jsonBody(), meter(), reserve()],
      ['TOLLGATE_W_ORDER'],
    ],
    ['budget() before meter()', () => [auth(), jsonBody(), reserve(), meter()], ['TOLLGATE_W_ORDER']],
    [
      'budget() before authenticate()',
      () => [jsonBody(), meter(), reserve(), auth()],
      ['TOLLGATE_W_NO_CALLER'],
    ],
    [
      'jsonBody() after express.json()',
      () => [auth(), express.json(), jsonBody(), meter()],
      ['TOLLGATE_W_ORDER'],
    ],
    ['meter() before jsonBody()', () => [auth(), meter(), jsonBody()], ['TOLLGATE_W_BODY_NOT_PARSED']],
    ['meter() twice', () => [auth(), jsonBody(), meter(), meter()], ['TOLLGATE_W_MOUNTED_TWICE']],
    ['authenticate() twice', () => [auth(), auth(), jsonBody(), meter()], ['TOLLGATE_W_MOUNTED_TWICE']],
    [
      'budget() twice',
      () => [auth(), jsonBody(), meter(), reserve(), reserve()],
      ['TOLLGATE_W_MOUNTED_TWICE'],
    ],
  ])('is warned of once: %s', async (_what, guards, codes) => {
    await send(...guards());
    expect(warned).toEqual(codes);
  });

  it('has a code that docs/errors.md explains', () => {
    const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
    const source = readFileSync(join(root, 'packages/core/src/lib/warning.ts'), 'utf8');
    const codes = new Set(source.match(/TOLLGATE_W_[A-Z_]+/g));
    expect(codes.size).toBeGreaterThan(8);
    for (const code of codes) expect(page).toContain(`| \`${code}\` |`);
  });
});
