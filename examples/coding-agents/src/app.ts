import express, { type Express } from 'express';
import helmet from 'helmet';
import {
  anthropic,
  childCredentials,
  type KeyStore,
  openai,
  type Tollgate,
  type TollgateOptions,
  tollgate,
} from 'tollgate';

/** Settings of the app. */
export interface AppConfig {
  readonly keys: KeyStore;
  /** Signs child credentials: at least 32 bytes, the same in every process. */
  readonly childSecret: string;
  readonly anthropicApiKey: string;
  readonly anthropicBaseUrl: string;
  readonly openaiApiKey: string;
  readonly openaiBaseUrl: string;
}

const plans = {
  developer: {
    // An agent that loops costs its developer a day, and the team at most what it planned for the month.
    spend: [
      { limit: '$20/day', by: 'user' },
      { limit: '$400/month', by: 'team' },
    ],
    concurrent: 8,
    models: ['claude-*', 'gpt-5*'],
    maxOutputTokens: 32_000,
  },
} satisfies TollgateOptions['plans'];

/** Coding agents speak Anthropic's messages (Claude Code) or OpenAI's responses and chat completions (Codex, opencode). */
export function createApp(config: AppConfig): { app: Express; tg: Tollgate } {
  const tg = tollgate({
    plans,
    keys: config.keys,
    children: childCredentials({ secret: config.childSecret }),
    // Stops an agent that repeats itself, and lets you switch off a developer's key, a model, or everything.
    watch: {},
  });
  const providers = [
    anthropic({
      apiKey: config.anthropicApiKey,
      baseUrl: config.anthropicBaseUrl,
      models: ['claude-*'],
      // Beta features that the team has agreed to; others are left out of the request.
      passHeaders: { 'anthropic-beta': ['interleaved-thinking-2025-05-14', 'claude-code-20250219'] },
    }),
    openai({ apiKey: config.openaiApiKey, baseUrl: config.openaiBaseUrl, models: ['gpt-5*'] }),
  ];
  const app = express();
  app.use(helmet());
  app.use('/key', tg.selfService()); // POST /key/children: a credential for one session
  app.get('/usage', tg.usage());
  app.use('/v1', tg.guards(), tg.proxy({ providers }));
  app.use(tg.errors());
  return { app, tg };
}
