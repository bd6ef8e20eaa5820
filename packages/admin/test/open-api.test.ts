import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { memorySwitch } from '@tollgate/core';
import type { MitigationRecord } from '@tollgate/core/internal';
import { database, ledger, registry } from '@tollgate/postgres';
import type { Express } from 'express';
import type { Response } from 'supertest';
import { adminRoutes } from '../src/admin.js';
import type { AdminApp } from '../src/index.js';
import { type Client, clientOf, type Fixture, fill, mounted, nowMs, startAdmin } from './admin-fixture.js';
import { bodies, errorBody, operator, queries } from './admin-requests.js';

interface Operation {
  readonly responses: Readonly<Record<string, object>>;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
}
type Document = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Record<string, Operation>>>;
};

let one: Fixture;
let keyId: string;
let eventId: string;
/** `get /keys 200`: what was answered somewhere in this file. */
const seen = new Set<string>();
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  one = await startAdmin();
  await fill(one);
  ({ keyId } = await one.tg.registry.keys.create({ tenant: 'acme', plan: 'pro' }));
  const [open] = (await one.as('viewer').get('/unresolved')).body.data;
  eventId = open.event_id;
}, 150_000);
afterAll(async () => {
  for (const end of ends) await end();
  await one.end();
}, 150_000);

/** Checks an answer against the declaration of its route, and notes its status. */
function noted(method: string, path: string, answer: Response): Response {
  const route = adminRoutes.find((each) => each.method === method && each.path === path);
  const name = `${method} ${path} ${answer.status}`;
  seen.add(name);
  if (answer.status >= 400) {
    const { error } = errorBody.safeParse(answer.body);
    expect([name, error?.issues]).toEqual([name, undefined]);
  } else {
    const schema = route?.answers[answer.status];
    const { error } = schema?.safeParse(answer.body) ?? {};
    expect([name, error?.issues]).toEqual([name, undefined]);
  }
  return answer;
}

const placed = (path: string): string =>
  path
    .replace('{key_id}', keyId)
    .replace('{event_id}', eventId)
    .replace('{tenant}', 'acme')
    .replace('{id}', 'none');

function ask(client: Client, method: string, path: string, more = ''): Promise<Response> {
  const where = placed(path) + (method === 'get' ? (queries[path] ?? '') : '') + more;
  return Promise.resolve(method === 'get' ? client.get(where) : client.post(where, bodies[path]));
}

/** Asks every route of one method or both. */
async function askAll(
  client: Client,
  wanted: (route: (typeof adminRoutes)[number]) => boolean,
): Promise<void> {
  for (const { method, path } of adminRoutes.filter(wanted))
    noted(method, path, await ask(client, method, path));
}

/** The app with other stores. */
function appWith(facts: Partial<AdminApp>): Express {
  const { app, router } = mounted({ ...one.tg, ...facts });
  ends.push(() => router.close());
  return app;
}

function storesAt(port: number): Pick<AdminApp, 'ledger' | 'registry'> {
  const away = database({ connectionString: `postgres://root@127.0.0.1:${port}/test`, maxConnections: 1 });
  const books = ledger({ database: away });
  const people = registry({ database: away });
  ends.push(() => Promise.race([away.end(), new Promise((resolve) => setTimeout(resolve, 1_000).unref())]));
  return { ledger: books, registry: people };
}

describe('the OpenAPI document', () => {
  it('is served, and has every route of the router with its parameters', async () => {
    const { body, status } = await one.as('viewer').get('/openapi.json');
    const document: Document = body;
    expect([status, document.openapi]).toEqual([200, '3.1.0']);
    const paths = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(paths.sort()).toEqual(adminRoutes.map(({ method, path }) => `${method} ${path}`).sort());
    expect(document.paths['/keys/{key_id}/rotate']?.post?.parameters).toEqual([
      { name: 'key_id', in: 'path', required: true, schema: { type: 'string' } },
    ]);
    const ids = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(new Set(ids.map((operation) => JSON.stringify(operation))).size).toBe(ids.length);
  });

  it('says what the routes answer when all is well', async () => {
    const client = one.as('operator');
    await askAll(client, ({ method }) => method === 'get');
    for (const path of ['/tenants', '/keys', '/overrides', '/overrides/clear', '/switch/off', '/switch/on']) {
      noted('post', path, await ask(client, 'post', path));
    }
    for (const action of ['rotate', 'disable', 'enable', 'expire']) {
      const path = `/keys/{key_id}/${action}`;
      noted('post', path, await ask(client, 'post', path));
    }
    for (const path of ['/tenants/{tenant}/disable', '/tenants/{tenant}/enable', '/keys/{key_id}/revoke']) {
      noted('post', path, await ask(client, 'post', path));
    }
    for (const path of ['/what-if', '/reconciliation', '/unresolved/{event_id}/accept']) {
      noted('post', path, await ask(client, 'post', path));
    }
    expect([...seen].filter((name) => / [45]\d\d$/.test(name))).toEqual([]);
  }, 150_000);

  it('says what incidents answer, with the process that acts on the other side', async () => {
    const { mitigations } = one.tg.switch;
    const record: MitigationRecord = {
      ...{ id: '01a13a44-f480-7446-8959-5d5c167b18a5', atMs: nowMs, untilMs: Date.now() + 60_000 },
      ...{ action: 'suspend', outcome: 'withheld', target: 'key k1', tenant: 'acme', reason: 'ten times' },
      process: 'other:1',
    };
    const acting = async (): Promise<void> => {
      for (;;) {
        const [decision] = (await mitigations?.take([record.id])) ?? [];
        if (decision) return mitigations?.put({ ...record, decided: decision });
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    for (const what of ['confirm', 'undo']) {
      await mitigations?.put(record);
      const [answer] = await Promise.all([
        one.as('operator').post(`/incidents/${record.id}/${what}`),
        acting(),
      ]);
      expect(noted('post', `/incidents/{id}/${what}`, answer).body).toMatchObject({
        decided: what,
        decided_by: 'the operator',
      });
    }
    noted('get', '/incidents', await one.as('viewer').get('/incidents'));
  }, 150_000);

  it('says what is refused: unknown callers, roles, other tenants, wrong values, wrong bodies', async () => {
    await askAll(clientOf(one.app, undefined), () => true);
    await askAll(one.as('viewer'), ({ role }) => role !== 'viewer');
    await askAll(one.as('operator', 'delta'), ({ tenants }) => tenants === 'all');
    for (const { method, path } of adminRoutes) {
      noted(
        method,
        path,
        await ask(one.as('operator'), method, path, `${queries[path] && method === 'get' ? '&' : '?'}nope=1`),
      );
    }
    for (const { path, query } of adminRoutes.filter(({ method }) => method === 'get')) {
      if (!('tenant' in query.shape)) continue;
      const asked = queries[path] ?? '';
      const more = asked.includes('tenant=') ? '' : `${asked === '' ? '?' : '&'}tenant=acme`;
      noted('get', path, await ask(one.as('operator', 'delta'), 'get', path, more));
    }
    const large = JSON.stringify({ text: 'x'.repeat(10 * 1024 * 1024) });
    for (const { path } of adminRoutes.filter(({ method }) => method === 'post')) {
      const post = () => one.as('operator').post(placed(path));
      noted(
        'post',
        path,
        await post()
          .set('content-type', 'application/json')
          .send(large as never),
      );
      noted(
        'post',
        path,
        await post()
          .set('content-type', 'text/plain')
          .send('{}' as never),
      );
      noted('post', path, await post().set('origin', 'https://evil.example').set('cookie', 'a=1'));
    }
  }, 150_000);

  it('says what is not there: parts of the app, and things by their ids', async () => {
    const bare = appWith({ ledger: undefined, registry: undefined, switch: undefined, jobs: undefined });
    await askAll(clientOf(bare, operator), ({ needs }) => needs !== undefined);
    const client = one.as('operator');
    for (const action of ['rotate', 'disable', 'enable', 'expire', 'revoke']) {
      const path = `/keys/{key_id}/${action}`;
      noted('post', path, await client.post(path.replace('{key_id}', 'unknown'), bodies[path]));
    }
    noted('post', '/switch/on', await client.post('/switch/on', { kind: 'tenant', name: 'unknown' }));
  });

  it('says that nothing is confirmed where no process takes its keys, limits or switch from there', async () => {
    const quiet = memorySwitch();
    const { schema, query } = one.database;
    const server = {
      schema,
      query,
      isEmbedded: false,
      ready: () => one.database.ready(),
      end: async () => undefined,
    };
    const people = { ...one.tg.registry, readers: async () => [] };
    const app = appWith({
      ledger: { ...one.tg.ledger, database: server as never, isFull: false, droppedCount: 0 } as never,
      registry: { ...people, as: (name: string) => one.tg.registry.as(name) },
      switch: { ...quiet, confirmedBy: async () => [] },
    });
    const client = clientOf(app, operator);
    const { keyId: other } = await one.tg.registry.keys.create({ tenant: 'acme', plan: 'pro' });
    for (const action of ['disable', 'enable', 'expire', 'revoke']) {
      const path = `/keys/{key_id}/${action}`;
      noted('post', path, await client.post(path.replace('{key_id}', other), bodies[path]));
    }
    for (const path of [
      '/tenants/{tenant}/disable',
      '/tenants/{tenant}/enable',
      '/overrides',
      '/overrides/clear',
    ]) {
      noted('post', path, await ask(client, 'post', path));
    }
    for (const path of ['/switch/off', '/switch/on']) {
      const { body } = noted('post', path, await ask(client, 'post', path));
      expect(body.confirmed_by).toEqual([]);
    }
  }, 150_000);

  it('says what happens while stores are away, while too many ask, and when a part is broken', async () => {
    const fails = () => Promise.reject(new Error('away'));
    const broken = { read: fails, turnOff: fails, turnOn: fails, mitigations: { list: fails } };
    const failing = { switch: broken as never, jobs: { list: fails }, backlog: fails };
    const away = appWith({ ...storesAt(1), ...failing });
    const asks = ['/overview', '/backlog'];
    await askAll(clientOf(away, operator), ({ needs, path }) => needs !== undefined || asks.includes(path));

    const silent: Server = createServer();
    const sockets: Socket[] = [];
    silent.on('connection', (socket) => void sockets.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const address = silent.address();
    const busy = clientOf(
      appWith(storesAt(typeof address === 'object' && address ? address.port : 0)),
      operator,
    );
    const waiting = Array.from({ length: 203 }, () =>
      busy.get('/tenants').then(
        ({ status }) => status,
        () => 0,
      ),
    );
    for (;;) if ((await busy.get('/tenants')).status === 429) break;
    await askAll(
      busy,
      ({ needs, path }) => needs === 'ledger' || needs === 'registry' || path === '/overview',
    );
    for (const socket of sockets) socket.destroy();
    void waiting;

    const faulty = mounted(one.tg);
    ends.push(() => faulty.router.close());
    const stranger = clientOf(faulty.app, { name: 'x', role: 'god' });
    await askAll(stranger, () => true);
  }, 120_000);

  it('has no status that was not answered above', async () => {
    const { body } = await one.as('viewer').get('/openapi.json');
    const said = Object.entries((body as Document).paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) =>
        Object.keys(responses).map((status) => `${method} ${path} ${status}`),
      ),
    );
    expect(said.filter((name) => !seen.has(name))).toEqual([]);
    expect([...seen].filter((name) => !said.includes(name))).toEqual([]);
  });
});
