import Anthropic from '@anthropic-ai/sdk';
import express, { type Express } from 'express';
import helmet from 'helmet';
import OpenAI from 'openai';
import { type KeyStore, type Tollgate, tollgate, type UsageSink } from 'tollgate';
import { z } from 'zod';
import { runAgent } from './agent.js';

/** Settings and clients of the app. */
export interface AppConfig {
  keys: KeyStore;
  sinks: UsageSink[];
  /** Base URL with `/v1`, as the OpenAI SDK wants it. */
  openaiBaseUrl: string;
  /** Base URL without `/v1`, as the Anthropic SDK wants it. */
  anthropicBaseUrl: string;
  openaiApiKey: string;
  anthropicApiKey: string;
}

const summarizeBody = z.object({ text: z.string().min(1).max(20_000) });
const askBody = z.object({ question: z.string().min(1).max(2_000) });

/** An app with its own routes. The SDK clients are created once, and every call that they make is metered. */
export function createApp(config: AppConfig): { app: Express; tg: Tollgate } {
  const tg = tollgate({
    plans: { pro: { requests: '60/min', spend: '$1/day', concurrent: 10 } },
    keys: config.keys,
    sinks: config.sinks,
    meter: { exposeCost: true }, // x-tollgate-cost on each answer
  });
  const openai = new OpenAI({ baseURL: config.openaiBaseUrl, apiKey: config.openaiApiKey, fetch: tg.fetch });
  const anthropic = new Anthropic({
    baseURL: config.anthropicBaseUrl,
    apiKey: config.anthropicApiKey,
    fetch: tg.fetch,
  });

  const app = express();
  app.use(helmet());
  app.get('/usage', tg.usage());
  app.use(tg.guards());

  app.post(
    '/summarize',
    tg.scope('summarize'),
    tg.limit('$0.50/day', { by: ['route', 'user'] }),
    async (req, res) => {
      const { text } = summarizeBody.parse(req.body);
      const { choices } = await openai.chat.completions.create({
        model: 'gpt-5-mini',
        messages: [{ role: 'user', content: `Summarise in one sentence:\n${text}` }],
      });
      res.json({ summary: choices[0]?.message.content });
    },
  );

  app.post('/agent', async (req, res) => {
    res.json(await runAgent(openai, askBody.parse(req.body).question));
  });

  app.post('/translate', async (req, res) => {
    const { text } = summarizeBody.parse(req.body);
    res.type('text/plain');
    const stream = anthropic.messages.stream({
      model: 'claude-haiku-4-5',
      max_tokens: 200,
      messages: [{ role: 'user', content: `Translate into French:\n${text}` }],
    });
    for await (const event of stream) {
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
        res.write(event.delta.text);
    }
    res.end();
  });

  app.post('/transcribe', async (req, res) => {
    // A provider without a supported SDK: the handler reports the usage.
    await req.tollgate.record({
      provider: 'openai',
      model: 'gpt-4o-mini',
      usage: { inputTokens: 420, outputTokens: 96 },
    });
    res.json({ transcript: '…' });
  });

  app.use(tg.errors());
  return { app, tg };
}
