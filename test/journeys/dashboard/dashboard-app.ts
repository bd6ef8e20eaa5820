import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AdminIdentity, sessions } from '@tollgate/admin';
import { newId } from '@tollgate/core/internal';
import { dashboard } from '@tollgate/dashboard';
import { simulateProvider } from '@tollgate/simulator';
import { copyEmptyDatabase } from '@tollgate/testkit/databases';
import express from 'express';
import helmet from 'helmet';
import { counterOf, openAiCompatible, spend, type TollgateOptions, tollgate } from 'tollgate';
import { ledgerEvent } from '../../ledger-event.js';

/** An app with the dashboard behind a login, a simulated provider and an embedded ledger. */
export interface DashboardApp {
  readonly url: string;
  /** Of the page, with a slash at its end. */
  readonly page: string;
  readonly tg: ReturnType<typeof tollgateOf>;
  /** A key with the scope admin. */
  readonly adminKey: string;
  close(): Promise<void>;
}

const plans = {
  pro: { spend: '$50/month', requests: '600/min' },
  team: { spend: { limit: '$20/month', by: 'team' as const } },
  admin: { requests: '600/min' },
};

function tollgateOf(database: NonNullable<TollgateOptions['database']>) {
  return tollgate({
    ...{ plans, database, switch: true },
    meter: { prices: { model: { inputUsdPerMillion: '1000', outputUsdPerMillion: '4000' } } },
    budget: { storeDeadlineMs: 5_000 },
  });
}

/** `identity`: as whom admins are logged in, apart from their name. */
export async function startDashboardApp(
  identity: Omit<AdminIdentity, 'name'> = { role: 'operator' },
  database?: TollgateOptions['database'],
): Promise<DashboardApp> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-dashboard-'));
  if (!database) await copyEmptyDatabase(join(folder, 'data'));
  const tg = tollgateOf(database ?? { directory: join(folder, 'data') });
  const provider = await simulateProvider();
  const own = openAiCompatible({ name: 'own', apiKey: 'sk-test', baseUrl: provider.openAiUrl });
  const logins = sessions({
    identify: ({ tollgate: { caller } }) => caller && { ...identity, name: caller.keyId ?? caller.id },
    isValid: ({ name }) => tg.isKeyValid(name),
  });
  const app = express();
  app.use(helmet()); // its defaults: the page's own policy takes their place
  const page = dashboard({
    tg,
    authorize: logins.authorize,
    login: { guards: [tg.authenticate(), tg.scope('admin')], sessions: logins },
    own: '../v1/usage',
    history: '../v1/usage/history',
  });
  app.use('/office/dashboard', page);
  app.get('/office/v1/usage', tg.usage());
  app.get('/office/v1/usage/history', tg.usageHistory());
  app.use('/office/v1', tg.guards(), tg.proxy({ provider: own }));
  app.use(tg.errors());
  await tg.ready({ timeoutMs: 100_000 });
  const { key } = await tg.registry.keys.create({ tenant: 'operators', plan: 'admin', scopes: ['admin'] });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return {
    ...{ url, page: `${url}/office/dashboard/`, tg, adminKey: key },
    close: async () => {
      page.close();
      server.closeAllConnections();
      server.close();
      await tg.close({ graceMs: 0 });
      await provider.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Text that would be markup if any part of the page took it for that. */
export const hostile = `<img src=x onerror="document.title='owned'">"><script>document.title='owned'</script>`;

const dayMs = 86_400_000;

/** As the plans above count: by key, or by team, in the month of the attempt. */
function chargesOf(of: {
  tenant: string;
  plan: string;
  team: string;
  keyId: string;
  atMs: number;
  cost: bigint;
}) {
  const caller = { id: of.keyId, ...of, scopes: [], labels: {} };
  const window = new Date(of.atMs).toISOString().slice(0, 7);
  const limits = [
    of.plan === 'team' ? spend('$20/month').by('team') : spend('$50/month').by('key'),
    spend('$12/month').by('tenant'),
  ];
  return limits
    .map((limit) => ({ ...counterOf(limit, { caller }), window, amount: Number(of.cost) }))
    .map(({ counter, window: id, amount }) => ({ counter, window: id, amount }));
}

/** Twenty days of usage of five tenants, keys, limits, entries of the switch and actions of watch(). */
export async function fillDashboard({ tg }: DashboardApp): Promise<void> {
  const nowMs = Date.now();
  const tenants = ['acme', 'globex', 'initech', 'umbrella', hostile.slice(0, 200)];
  for (const [index, tenant] of tenants.entries()) {
    const made = {
      tenant,
      plan: index === 1 ? 'team' : 'pro',
      team: index % 2 ? 'search' : 'chat',
      user: `user-${index}`,
    };
    const { keyId } = await tg.registry.keys.create({
      ...made,
      name: index === 4 ? hostile : `key of ${tenant}`,
    });
    for (let day = 0; day < 20; day += 1) {
      for (let call = 0; call < 4; call += 1) {
        const atMs = nowMs - day * dayMs - call * 3_600_000 - 60_000;
        const cost = BigInt((index + 1) * (call + 1) * 17_000_000 * (day % 7 < 2 ? 1 : 3));
        const event = ledgerEvent(tenant, atMs, 1, cost);
        await tg.ledger.write({
          ...event,
          ...{ eventId: newId(atMs), keyId, team: made.team, user: made.user, plan: made.plan },
          ...{ model: call % 2 ? 'gpt-5-mini' : 'claude-sonnet-5', route: '/v1/chat/completions' },
          labels: { feature: call % 2 ? 'answers' : 'summaries' },
          charges: chargesOf({ ...made, keyId, atMs, cost }),
          ...(day === 0 && call === 3 && { unresolvedNanoUsd: '120000000', uncertain: true }),
        });
      }
    }
  }
  await tg.ledger.flush();
  await tg.registry.overrides.set({ tenant: 'acme', kind: 'spend', limit: '$12/month' });
  await tg.switch?.turnOff({
    ...{
      kind: 'user',
      name: 'initech/bob',
      reason: 'leaked key',
      by: 'olga',
      sinceMs: nowMs,
      cutsRunning: false,
    },
  });
  for (const outcome of ['done', 'withheld']) {
    await tg.switch?.mitigations?.put({
      ...{ id: newId(nowMs), atMs: nowMs - 60_000, untilMs: nowMs + 3_600_000, outcome, action: 'suspend' },
      ...{ target: 'key k1', tenant: 'acme', reason: 'spend of 40 times the usual', process: 'other:1' },
    });
  }
}
