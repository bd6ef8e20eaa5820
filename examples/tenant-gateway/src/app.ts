import express, { type Express } from 'express';
import helmet from 'helmet';
import { sql } from 'kysely';
import { exportEvents, openai, type Tollgate, type TollgateOptions, tollgate } from 'tollgate';
import type { Issuer } from './issuer.js';

/** Settings and clients of the app. */
export interface AppConfig {
  issuer: Pick<Issuer, 'issuer' | 'audience' | 'keys'>;
  database: NonNullable<TollgateOptions['database']>;
  openaiBaseUrl: string;
  openaiApiKey: string;
}

/** Limits of each tier of the usage plan: a rate with a burst, tokens a day for the whole tenant, money a month. */
const tiers = {
  basic: {
    requests: { rate: '60/min', burst: 5, by: 'tenant' },
    spend: { limit: '$1/month', by: 'tenant' },
  },
  business: {
    requests: { rate: '600/min', burst: 50, by: 'tenant' },
    tokens: { limit: '20M/month', by: 'tenant' },
    spend: { limit: '$100/month', by: 'tenant' },
    models: ['gpt-5*'],
  },
} satisfies TollgateOptions['plans'];

/** An OpenAI-compatible gateway: the token says which tenant pays and what its tier allows; nothing in the request does. */
export function createApp({ issuer, database, openaiBaseUrl, openaiApiKey }: AppConfig): {
  app: Express;
  tg: Tollgate;
} {
  const tg = tollgate({
    plans: tiers,
    jwt: { issuer: issuer.issuer, audience: issuer.audience, keys: issuer.keys },
    database,
    // Callers with this scope may tag their calls, x-tollgate-labels: feature=search; the tag is in each usage event.
    meter: { labelHeader: { scope: 'label' } },
  });
  const app = express();
  app.use(helmet());
  app.get('/v1/usage', tg.usage());
  app.use('/v1', tg.guards());
  app.post(
    '/v1/chat/completions',
    tg.proxy({ provider: openai({ apiKey: openaiApiKey, baseUrl: openaiBaseUrl }) }),
  );

  // A tenant's own usage as SQL sees it: the views are for dashboards and dbt as well.
  app.get('/v1/report', async (req, res) => {
    const { tenant = '' } = req.tollgate.caller ?? {};
    const { query, schema } = tg.ledger?.database ?? {};
    if (!query || !schema) throw new Error('this app has a ledger');
    const { rows } = await sql`
      select day::text, model, feature, sum(attempts)::int as calls, sum(cost_nano_usd) / 1e9 as usd
      from ${sql.id(schema, 'usage_by_day')} where tenant = ${tenant} group by 1, 2, 3 order by 1, 2, 3`.execute(
      query,
    );
    res.json(rows);
  });
  app.use(tg.errors());
  return { app, tg };
}

/** The usage events of all tenants as a file that warehouses load. */
export function warehouseFile(tg: Tollgate, from: Date, to: Date) {
  if (!tg.ledger) throw new Error('this app has a ledger');
  return exportEvents(tg.ledger.database, { from, to, format: 'parquet' });
}
