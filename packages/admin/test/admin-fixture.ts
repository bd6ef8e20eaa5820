import { definePlans, memoryQuota, memorySwitch, type SwitchStore } from '@tollgate/core';
import { type Database, database, type Ledger, ledger, type Registry, registry } from '@tollgate/postgres';
import { databases, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import { killSwitch } from '@tollgate/watch';
import express, { type Express } from 'express';
import request from 'supertest';
import {
  type AdminApp,
  type AdminIdentity,
  type AdminOptions,
  type AdminRouter,
  admin,
} from '../src/index.js';

export const nowMs = Date.UTC(2026, 9, 15, 12);
export const plans = definePlans({
  free: { spend: '$1/day', requests: '20/min', models: ['gpt-5-mini'] },
  pro: { spend: { limit: '$50/month', by: 'tenant' }, tokens: '20M/month', concurrent: 5 },
});

/** An app behind the admin API, with a real database; who asks is in the header `x-who`, as JSON. */
export interface Fixture {
  readonly app: Express;
  readonly tg: AdminApp & {
    readonly ledger: Ledger;
    readonly registry: Registry;
    readonly switch: SwitchStore;
  };
  readonly database: Database;
  /** A client of a role, all tenants or one. */
  as(role: AdminIdentity['role'], tenant?: string): Client;
  end(): Promise<void>;
}

export interface Client {
  get(path: string): request.Test;
  post(path: string, body?: object): request.Test;
}

export function clientOf(app: Express, who: object | undefined): Client {
  const header = { 'x-who': JSON.stringify(who ?? null) };
  return {
    get: (path) => request(app).get(`/admin${path}`).set(header),
    post: (path, body = {}) => request(app).post(`/admin${path}`).set(header).send(body),
  };
}

export function mounted(
  tg: AdminApp,
  options: Partial<AdminOptions> = {},
): { app: Express; router: AdminRouter } {
  const app = express();
  const router = admin({
    tg,
    authorize: (req) => JSON.parse(req.get('x-who') ?? 'null'),
    prices: { pro: { markupPercent: 20 } },
    confirmMs: 200,
    now: () => nowMs,
    ...options,
  });
  app.use('/admin', router);
  return { app, router };
}

export async function startAdmin(kind: 'PostgreSQL' | 'PGlite' = 'PGlite'): Promise<Fixture> {
  const place = databases.find(({ name }) => name === kind);
  if (!place) throw new Error(`no database ${kind}`);
  const server: TestDatabase = await place.start();
  const shared = database(server.options);
  await shared.ready();
  const books = ledger({ database: shared });
  const people = registry({ database: shared, now: () => nowMs });
  const off = memorySwitch();
  const guard = killSwitch({ store: off });
  const tg = {
    ...{ plans, store: memoryQuota({ now: () => nowMs }), ledger: books, registry: people, switch: off },
    jobs: {
      list: async () => [
        {
          ...{ id: 'job-1', tenant: 'acme', keyId: 'k1', plan: 'pro', status: 'queued' as const, tries: 0 },
          ...{ createdAtMs: nowMs, expiresAtMs: nowMs + 60_000, dueAtMs: nowMs + 1_000 },
          ...{ endedAtMs: undefined, error: undefined },
        },
      ],
    },
    running: () => [
      {
        ...{ requestId: 'r1', tenant: 'acme', team: undefined, user: undefined, keyId: 'k1', plan: 'pro' },
        ...{ route: '/v1/chat/completions', startedAtMs: nowMs - 5_000, reservations: ['v1'], calls: 1 },
        ...{ estimateNanoUsd: 2_000_000, costNanoUsd: 500_000 },
      },
    ],
    backlog: async () => ({
      ...{ settlements: 1, spool: { waiting: 2, bytes: 900, refused: 0 } },
      outbox: { waiting: 3, dead: 0 },
    }),
    ...{ isReady: true, inFlight: 0, unverified: 0, fromGrace: 0 },
  };
  people.keys.onChange(() => undefined); // as an app's guards listen
  people.overrides.onChange(() => undefined);
  const { app, router } = mounted(tg);
  return {
    ...{ app, tg, database: shared },
    as: (role, tenant) =>
      clientOf(app, { name: `the ${role}`, role, ...(tenant !== undefined && { tenant }) }),
    end: async () => {
      router.close();
      guard.end();
      await books.close();
      await shared.end();
      await server.end();
    },
  };
}

/** Writes attempts of two tenants in two days. */
export async function fill({ tg }: Fixture): Promise<void> {
  const dayMs = 86_400_000;
  for (const [index, tenant] of ['acme', 'acme', 'beta', 'acme'].entries()) {
    const atMs = nowMs - (index % 2) * dayMs - 60_000 * (index + 1);
    await tg.ledger.write(
      usageEvent(
        {
          ...{ tenant, team: 'data', keyId: `${tenant}key1`, plan: 'pro', route: '/v1/chat/completions' },
          ...{ costNanoUsd: String((index + 1) * 1_000_000_000), provider: 'openai' },
          ...(index === 3 && { unresolvedNanoUsd: '500000000', uncertain: true }),
          charges: [{ counter: `usd/month/tenant=${tenant}`, window: '2026-10', amount: (index + 1) * 1e9 }],
        },
        atMs,
      ),
    );
  }
  await tg.ledger.flush();
}
