import express, { type Express, type Request } from 'express';
import OpenAI from 'openai';
import {
  type registry as createRegistry,
  formatUsd,
  labels,
  reports,
  type Tollgate,
  type TollgateOptions,
  tollgate,
} from 'tollgate';
import { company, teams } from './teams.js';

export interface AppSettings {
  readonly database: NonNullable<TollgateOptions['database']>;
  readonly openaiBaseUrl: string;
  /** The one key that all teams share. They never see it. */
  readonly openaiApiKey: string;
}

/** The keys of the teams by their id, and of finance. */
export type Keys = Readonly<Record<string, string>>;

/** One route for each team's feature, and two reports for finance. `prepare` sets the teams' caps and makes keys. */
export function createApp({ database, openaiBaseUrl, openaiApiKey }: AppSettings): {
  app: Express;
  tg: Tollgate;
  prepare: () => Promise<Keys>;
} {
  // Keys and the teams' caps are in the database, beside the ledger.
  const tg = tollgate({ plans: { team: { requests: '600/min' } }, database });
  const openai = new OpenAI({ apiKey: openaiApiKey, baseURL: openaiBaseUrl, fetch: tg.fetch, maxRetries: 0 });
  const app = express();
  app.use(tg.guards());
  for (const { id, features } of teams) {
    for (const [feature, model] of Object.entries(features)) {
      app.post(`/${id}/${feature}`, tg.scope(id), labels({ feature }), async (req, res) => {
        const { choices } = await openai.chat.completions.create({
          model,
          max_completion_tokens: 40,
          messages: [{ role: 'user', content: textIn(req) }],
        });
        res.json({ answer: choices[0]?.message.content });
      });
    }
  }
  app.get('/usage', tg.usage()); // the remaining amounts of the caller's team

  const sums = reports({ database: tg.ledger.database, prices: { team: { markupPercent: 10 } } });
  app.get('/reports/teams', tg.scope('finance'), async (_req, res) => {
    const [from, to] = [new Date(Date.now() - 31 * dayMs), new Date(Date.now() + dayMs)];
    const rows = await sums.usage({ from, to, by: ['team', 'feature', 'model'], where: { tenant: company } });
    res.json(rows.map(({ by, ...row }) => ({ ...by, cost: dollars(row.costNanoUsd), ...row })));
  });
  app.get('/reports/bill/:month', tg.scope('finance'), async (req, res) => {
    const lines = await sums.bill(req.params.month, { tenant: company });
    res.json(lines.map((line) => ({ billed: dollars(line.billedNanoUsd), ...line })));
  });
  app.use(tg.errors());
  return { app, tg, prepare: () => prepare(tg.registry) };
}

const dayMs = 86_400_000;
const dollars = (nanoUsd: string): string => `$${formatUsd(Number(nanoUsd))}`;

function textIn({ body }: Request): string {
  return typeof body?.text === 'string' ? body.text.slice(0, 2_000) : 'Hello.';
}

async function prepare(registry: ReturnType<typeof createRegistry>): Promise<Keys> {
  // Keys cannot be shown again, so each start makes new ones, and the ones before end.
  for (const { keyId, revokedAtMs } of await registry.keys.list({ tenant: company })) {
    if (revokedAtMs === undefined) await registry.keys.revoke(keyId);
  }
  const keys: Record<string, string> = {};
  for (const { id, tokens } of teams) {
    await registry.overrides.set({ tenant: company, team: id, kind: 'tokens', limit: tokens });
    const made = await registry.keys.create({ tenant: company, team: id, plan: 'team', scopes: [id] });
    keys[id] = made.key;
  }
  const finance = await registry.keys.create({ tenant: company, plan: 'team', scopes: ['finance'] });
  return { ...keys, finance: finance.key };
}
