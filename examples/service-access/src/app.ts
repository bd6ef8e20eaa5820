import express, { type Express } from 'express';
import helmet from 'helmet';
import { openai, reports, type Tollgate, type TollgateOptions, tollgate } from 'tollgate';
import type { Authority } from './authority.js';

/** Settings and clients of the app. */
export interface AppConfig {
  authority: Pick<Authority, 'issuer' | 'audience' | 'keys'>;
  database: NonNullable<TollgateOptions['database']>;
  openaiBaseUrl: string;
  openaiApiKey: string;
}

/** All services together may spend $20 a day; batch work leaves half of it to what is critical. */
const everybody = { limit: '$20/day', by: 'global', name: 'company' } as const;
const plans = {
  critical: { criticality: 'critical', spend: [everybody, { limit: '$10/day', by: 'team' }] },
  batch: {
    criticality: 'low',
    spend: [
      { ...everybody, limit: '$10/day', name: 'batch' },
      { limit: '$0.002/day', by: 'team' },
    ],
  },
} satisfies TollgateOptions['plans'];

/** A gateway for the company's services: a token allows its models and kinds of data, and nothing else. */
export function createApp({ authority, database, openaiBaseUrl, openaiApiKey }: AppConfig): {
  app: Express;
  tg: Tollgate;
} {
  const tg = tollgate({
    plans,
    jwt: {
      ...{ issuer: authority.issuer, audience: authority.audience, keys: authority.keys },
      claims: { models: 'models', labels: { cost_centre: 'cc' } },
    },
    database,
    concurrency: { limit: 50 }, // under pressure, batch work is refused first
  });
  const app = express();
  app.use(helmet());
  app.use(tg.guards());
  const passOn = tg.proxy({ provider: openai({ apiKey: openaiApiKey, baseUrl: openaiBaseUrl }) });
  app.post('/public/v1/chat/completions', tg.scope('data:public'), passOn);
  app.post('/confidential/v1/chat/completions', tg.scope('data:confidential'), passOn);
  app.use(tg.errors());
  return { app, tg };
}

/** Usage of each cost centre in a period, by service and model, for the audit. */
export async function auditByCostCentre(tg: Tollgate, from: Date, to: Date) {
  if (!tg.ledger) throw new Error('this app has a ledger');
  const by = ['label:cost_centre', 'label:service', 'model'] as const;
  const sums = await reports({ database: tg.ledger.database }).usage({ from, to, by });
  return sums.map((one) => ({
    costCentre: one.by['label:cost_centre'],
    service: one.by['label:service'],
    model: one.by.model,
    calls: one.calls,
    usd: Number(one.costNanoUsd) / 1e9,
  }));
}
