import express, { type Express } from 'express';
import helmet from 'helmet';
import {
  type KeyStore,
  type Provider,
  proxy,
  resilience,
  type Tollgate,
  tollgate,
  type UsageSink,
} from 'tollgate';
import { taxonomy } from './taxonomy.js';

/** Settings and clients of the app. */
export interface AppConfig {
  keys: KeyStore;
  sinks: UsageSink[];
  /** Each with the models that it takes. */
  providers: { openai: Provider; anthropic: Provider; gemini: Provider };
}

/** An app for clients of OpenAI's or Anthropic's API, which name a model or leave the choice to the app (`auto`). */
export function createApp({ keys, sinks, providers }: AppConfig): { app: Express; tg: Tollgate } {
  const route = taxonomy(providers);
  const passOn = proxy({
    providers: Object.values(providers),
    translate: true,
    route,
    resilience: resilience(),
  });
  const tg = tollgate({
    plans: {
      free: { spend: '$0.50/day', models: ['gpt-5-mini', 'claude-haiku-*', 'gemini-2.5-flash*'] },
      pro: { spend: '$50/day' },
    },
    keys,
    sinks,
    meter: { exposeCost: true, dispatch: passOn.dispatch }, // priced at the model that will answer, as it will be sent
  });
  const app = express();
  app.use(helmet());
  app.use('/v1', tg.guards());
  app.post('/v1/chat/completions', passOn); // for OpenAI's clients
  app.post('/v1/responses', passOn); // also in the format of OpenAI's Responses API
  app.post('/v1/messages', passOn); // for Anthropic's
  app.use(tg.errors());
  return { app, tg };
}
