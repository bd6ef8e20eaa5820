import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { definePlans, subscribe, tollgateErrors } from '@tollgate/core';
import { forgetWarnings } from '@tollgate/core/internal';
import type express from 'express';
import request from 'supertest';
import { type RateLimitOptions, rateLimit } from '../src/index.js';
import { appOf, authenticated, versions } from './app.js';
import { parseList } from './structured-field.js';

const [[, create]] = versions as [(typeof versions)[number]];
const warnings: unknown[] = [];
let stop: () => void;
beforeEach(() => {
  forgetWarnings();
  warnings.length = 0;
  stop = subscribe('tollgate:warning', ({ code }) => warnings.push(code));
});
afterEach(() => stop());

/** Asks once as each caller; the last request of two that share a counter is refused. */
async function asked(
  options: RateLimitOptions,
  ...callers: (string | Record<string, string>)[]
): Promise<number[]> {
  const app = appOf(create, rateLimit(options));
  app.set('trust proxy', 1);
  const seen: number[] = [];
  for (const caller of callers) {
    const headers = typeof caller === 'string' ? { 'x-test-caller': caller } : caller;
    seen.push((await request(app).post('/v1/chat').set(headers)).status);
  }
  return seen;
}

describe('a limit by', () => {
  it('key counts each key alone', async () => {
    expect(await asked({ limits: '1/min' }, 'acme/ann/k1', 'acme/ann/k2', 'acme/ann/k1')).toEqual([
      200, 200, 429,
    ]);
  });

  it('user counts all keys of a user, in each tenant alone', async () => {
    const options = { limits: { rate: '1/min', by: 'user' } } as const;
    expect(await asked(options, 'acme/ann/k1', 'acme/bob/k2', 'umbrella/ann/k3', 'acme/ann/k4')).toEqual([
      200, 200, 200, 429,
    ]);
  });

  it('tenant counts all users of a tenant', async () => {
    const options = { limits: { rate: '1/min', by: 'tenant' } } as const;
    expect(await asked(options, 'acme/ann/k1', 'umbrella/ann/k1', 'acme/bob/k2')).toEqual([200, 200, 429]);
  });

  it('global counts everybody together', async () => {
    const options = { limits: { rate: '2/min', by: 'global' } } as const;
    expect(await asked(options, 'acme/ann/k1', 'umbrella/ann/k1', {})).toEqual([200, 200, 429]);
  });

  it('ip counts a network, an IPv6 /56 as one', async () => {
    const options = { limits: { rate: '1/min', by: 'ip' } } as const;
    const from = (ip: string) => ({ 'x-forwarded-for': ip });
    const inOne = [from('2001:db8:0:aa00::1'), from('2001:db8:0:aaff::2'), from('2001:db8:0:ab00::1')];
    expect(await asked(options, ...inOne)).toEqual([200, 429, 200]);
    expect(await asked({ ...options, ipv6Subnet: 64 }, ...inOne)).toEqual([200, 200, 200]);
    expect(await asked(options, from('192.0.2.1'), from('192.0.2.2'), from('::ffff:192.0.2.1'))).toEqual([
      200, 200, 429,
    ]);
    expect(warnings).toEqual([]);
  });

  it('a value of the request counts each value alone', async () => {
    const by = { name: 'project', of: (req: express.Request) => req.get('x-test-project') };
    const project = (name: string) => ({ 'x-test-project': name });
    const long = 'x'.repeat(5_000);
    expect(
      await asked(
        { limits: { rate: '1/min', by } },
        project('a'),
        project('b'),
        project('a'),
        project(long),
        project(`${long}y`),
        project(long),
      ),
    ).toEqual([200, 200, 429, 200, 200, 429]);
  });

  it('several counts each combination', async () => {
    const by = [
      'tenant',
      { name: 'project', of: (req: express.Request) => req.get('x-test-project') },
    ] as const;
    const ask = (caller: string, project: string) => ({ 'x-test-caller': caller, 'x-test-project': project });
    expect(
      await asked(
        { limits: { rate: '1/min', by } },
        ask('a/u/k', '1'),
        ask('b/u/k', '1'),
        ask('a/u/k', '2'),
        ask('a/v/l', '1'),
      ),
    ).toEqual([200, 200, 200, 429]);
  });

  it('route counts a route whatever its path text, and only on a route handler', async () => {
    for (const [, createApp] of versions) {
      const app = createApp();
      const byRoute = rateLimit({ limits: { rate: '2/min', by: 'route' } });
      app.use(authenticated);
      app.post('/v1/:what', byRoute, (_req, res) => {
        res.json({});
      });
      app.post('/v2/chat', byRoute, (_req, res) => {
        res.json({});
      });
      app.use('/v3', byRoute);
      app.use(tollgateErrors({ others: 'answer' }));
      const status = async (path: string) => (await request(app).post(path)).status;
      expect([
        await status('/v1/chat'),
        await status('/V1/CHAT/'),
        await status('/v1/other'),
        await status('/v2/chat'),
      ]).toEqual([200, 200, 429, 200]);
      expect(await status('/v3/chat')).toBe(500);
    }
  });

  it('route names its error where no route is known', async () => {
    const seen: unknown[] = [];
    const app = create();
    app.use(rateLimit({ limits: { rate: '2/min', by: 'route' } }));
    app.use(((error, _req, res, _next) => {
      seen.push(error);
      res.status(500).end();
    }) satisfies express.ErrorRequestHandler);
    await request(app).get('/').expect(500);
    expect(String(seen[0])).toContain('route_scope_needs_route');
  });

  it('plan and limit both count', async () => {
    const plans = definePlans({ free: { requests: '5/min' } });
    const app = appOf(create, rateLimit({ plans, limits: { rate: '100/min', by: 'global', name: 'all' } }));
    const answer = await request(app).post('/v1/chat').set('x-test-caller', 'acme/ann/k1').expect(200);
    expect(parseList(answer.get('ratelimit'))).toEqual([
      { name: 'requests-min', parameters: { r: 4, t: 60 } },
      { name: 'all', parameters: { r: 99, t: 60 } },
    ]);
  });
});

describe('a hazard of the environment', () => {
  const plans = definePlans({ pro: { requests: '9/min' }, free: { requests: '1/min' }, all: {} });

  it('is a request without a caller where plans are given: the strictest plan counts, by network, and it warns', async () => {
    const from = (ip: string) => ({ 'x-forwarded-for': ip });
    expect(await asked({ plans }, from('192.0.2.1'), from('192.0.2.1'), from('192.0.2.2'))).toEqual([
      200, 429, 200,
    ]);
    expect(warnings).toEqual(['TOLLGATE_W_ORDER']);
  });

  it('is a proxy that Express does not know of', async () => {
    const app = appOf(create, rateLimit({ limits: '9/min' }));
    await request(app).post('/v1/chat').set('x-forwarded-for', '192.0.2.1').expect(200);
    expect(warnings).toEqual(['TOLLGATE_W_TRUST_PROXY']);
  });

  it('is a proxy setting that lets clients name their own address', async () => {
    const app = appOf(create, rateLimit({ limits: '9/min' }));
    app.set('trust proxy', true);
    await request(app).post('/v1/chat').expect(200);
    expect(warnings).toEqual(['TOLLGATE_W_TRUST_PROXY']);
  });

  it('is no proxy at all to who has a credential', async () => {
    const app = appOf(create, rateLimit({ plans }));
    await request(app)
      .post('/v1/chat')
      .set({ 'x-forwarded-for': '192.0.2.1', 'x-test-caller': 'acme/ann/k1' })
      .expect(200);
    expect(warnings).toEqual([]);
  });

  it('is the same limiter mounted twice: it counts once and warns', async () => {
    const limiter = rateLimit({ limits: '2/min' });
    const app = appOf(create, limiter, limiter);
    const ask = () => request(app).post('/v1/chat').set('x-test-caller', 'acme/ann/k1');
    expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([200, 200, 429]);
    expect(warnings).toEqual(['TOLLGATE_W_MOUNTED_TWICE']);
  });

  it('is memory where several processes run', async () => {
    const environment = jest.replaceProperty(process, 'env', { ...process.env, NODE_APP_INSTANCE: '1' });
    rateLimit({ limits: '2/min' });
    environment.restore();
    expect(warnings).toEqual(['TOLLGATE_W_MEMORY_STORE']);
  });
});
