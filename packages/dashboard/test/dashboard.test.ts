import { afterAll, describe, expect, it } from '@jest/globals';
import { type AdminRouter, sessions } from '@tollgate/admin';
import { definePlans, memoryQuota, memorySwitch } from '@tollgate/core';
import express, { type RequestHandler } from 'express';
import request from 'supertest';
import { type DashboardOptions, dashboard } from '../src/index.js';

const tg = {
  ...{ plans: definePlans({ pro: { spend: '$5/day' } }), store: memoryQuota(), switch: memorySwitch() },
  ...{ ledger: undefined, registry: undefined, isReady: true, inFlight: 0, unverified: 0, fromGrace: 0 },
};
const made: AdminRouter[] = [];
const pass: RequestHandler = (req, res, next) => {
  if (req.get('authorization') === 'Bearer good') next();
  else res.status(401).json({ error: { message: 'no' } });
};
const logins = sessions({ identify: () => ({ name: 'olga', role: 'operator' }) });

function appOf(options: Partial<DashboardOptions> = {}, path = '/dashboard') {
  const app = express();
  const page = dashboard({
    tg,
    authorize: logins.authorize,
    login: { guards: [pass], sessions: logins },
    ...options,
  });
  made.push(page);
  app.use(path, page);
  return app;
}

afterAll(() => {
  for (const one of made) one.close();
});

/** The files that the page names, relative to it. */
const filesIn = (html: string): string[] =>
  [...html.matchAll(/(?:href|src)="(assets\/[^"]+)"/g)].map(([, file = '']) => file);

describe('the page', () => {
  it('is one document without inline script or style, with a policy that allows none, in no frame', async () => {
    const { text, headers, status } = await request(appOf()).get('/dashboard/');
    expect(status).toBe(200);
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    });
    expect(text).not.toMatch(
      /<style|style=|<script(?! type="module" src="assets\/[\w-]+\.js"><\/script>)|\son\w+=|https?:/,
    );
    expect(filesIn(text)).toHaveLength(2);
  });

  it.each([
    ['/dashboard', 'dashboard/'],
    ['/dashboard?range=7d', 'dashboard/?range=7d'],
    ['/a/very/deep-path', 'deep-path/'],
  ])('is redirected from %s to a path with a slash at its end, relatively', async (from, to) => {
    const { status, headers } = await request(appOf({}, from.split('?')[0])).get(from);
    expect([status, headers.location]).toEqual([308, to]);
  });

  it('loads at most 60 kB, compressed in advance, kept for good under a name of its content', async () => {
    const app = appOf();
    const { text } = await request(app).get('/dashboard/');
    let sum = Buffer.byteLength(text);
    for (const file of filesIn(text)) {
      const answers: Buffer[] = [];
      for (const encoding of ['gzip', 'br', 'identity']) {
        const answer = await request(app)
          .get(`/dashboard/${file}`)
          .set('accept-encoding', encoding)
          .buffer(true)
          .parse((res, done) => {
            const chunks: Buffer[] = [];
            // As it came: not decompressed by the client of the test.
            res.on('data', (chunk: Buffer) => chunks.push(chunk));
            res.on('end', () => done(null, Buffer.concat(chunks)));
          });
        expect(answer.headers).toMatchObject({
          'cache-control': 'public, max-age=31536000, immutable',
          ...{ vary: 'accept-encoding', 'x-content-type-options': 'nosniff' },
        });
        expect(answer.headers['content-encoding']).toBe(encoding === 'identity' ? undefined : encoding);
        if (encoding === 'gzip') sum += Number(answer.headers['content-length']);
        answers.push(answer.body);
      }
      expect(answers.every((one) => one.length > 0)).toBe(true);
    }
    expect(sum).toBeLessThan(60_000);
  });

  it('puts its settings where they cannot become markup', async () => {
    const title = `"><script>alert(1)</script>&'`;
    const { text } = await request(appOf({ title, own: '../v1/usage' })).get('/dashboard/');
    expect(text).not.toContain('<script>alert');
    const [, content = ''] = /name="tollgate" content="([^"]*)"/.exec(text) ?? [];
    const unescaped = content.replace(
      /&(?:quot|lt|gt|amp|#39);/g,
      (one) => ({ '&quot;': '"', '&lt;': '<', '&gt;': '>', '&amp;': '&', '&#39;': "'" })[one] ?? '',
    );
    expect(JSON.parse(unescaped)).toEqual({ title, login: true, own: '../v1/usage' });
  });

  it.each(['/assets/nothing.js', '/assets/..%2f..%2fpackage.json', '/assets/%2e%2e/index.js', '/nothing'])(
    'has nothing under %s',
    async (path) => {
      expect((await request(appOf()).get(`/dashboard${path}`)).status).toBe(404);
    },
  );
});

describe('its login', () => {
  it('begins a session behind the guards, whose cookie opens the API under the same path, until it ends', async () => {
    const app = appOf();
    expect((await request(app).get('/dashboard/api/me')).status).toBe(401);
    expect((await request(app).post('/dashboard/session').send({})).status).toBe(401);
    const begun = await request(app).post('/dashboard/session').set('authorization', 'Bearer good').send({});
    const cookie = String(begun.headers['set-cookie']);
    expect(begun.status).toBe(204);
    expect(cookie).not.toContain('Path='); // browsers take the folder of the login
    expect(cookie).not.toContain('good');
    expect((await request(app).get('/dashboard/api/me').set('cookie', cookie)).body).toMatchObject({
      name: 'olga',
    });
    const headers = { cookie, 'sec-fetch-site': 'same-origin' };
    expect((await request(app).post('/dashboard/logout').set(headers)).status).toBe(204);
    expect((await request(app).get('/dashboard/api/me').set('cookie', cookie)).status).toBe(401);
  });

  it('is not there where the app has its own', async () => {
    const app = express();
    const page = dashboard({ tg, authorize: () => ({ name: 'x', role: 'viewer' }) });
    made.push(page);
    app.use('/dashboard', page);
    expect(
      (await request(app).post('/dashboard/session').set('authorization', 'Bearer good').send({})).status,
    ).toBe(404);
    expect((await request(app).get('/dashboard/api/me')).body).toMatchObject({ role: 'viewer' });
  });
});

describe('dashboard()', () => {
  it.each([
    [{}, 'admin: "tg" is required'],
    [{ tg }, 'admin: "authorize" is required'],
    [{ tg, authorize: pass, login: {} }, 'dashboard: "login" must be an object { guards, sessions }'],
    [{ tg, authorize: pass, login: { guards: [], sessions: logins } }, 'dashboard: "login" must be'],
    [
      { tg, authorize: pass, own: 'https://elsewhere.example/usage' },
      'dashboard: "own" must be a path on this server',
    ],
    [{ tg, authorize: pass, own: '//elsewhere.example' }, 'dashboard: "own" must be a path'],
    [{ tg, authorize: pass, titel: 'x' }, 'admin: unknown option "titel"'],
  ])('refuses to start with %#', (options, message) => {
    expect(() => dashboard(options as never)).toThrow(message);
  });
});
