import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express, { type Express } from 'express';
import OpenAI from 'openai';
import { type KeyStore, type Tollgate, type TollgateOptions, tollgate } from 'tollgate';
import { searchPrices, toolsFor } from './tools.js';

/** Settings of the app. */
export interface AppConfig {
  readonly keys: KeyStore;
  readonly openaiApiKey: string;
  readonly openaiBaseUrl: string;
}

const plans = {
  agent: { requests: '120/min', spend: '$0.05/day', concurrent: 10 },
} satisfies TollgateOptions['plans'];

/** An MCP server without sessions: every request is guarded, metered and answered by itself, so any process can serve it. */
export function createApp({ keys, openaiApiKey, openaiBaseUrl }: AppConfig): { app: Express; tg: Tollgate } {
  const tg = tollgate({ plans, keys, meter: { prices: searchPrices } });
  const openai = new OpenAI({ apiKey: openaiApiKey, baseURL: openaiBaseUrl, fetch: tg.fetch, maxRetries: 0 });
  const app = express();
  app.use('/mcp', tg.guards());
  app.post('/mcp', async (req, res) => {
    const server = toolsFor(req, openai);
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    res.on('close', () => void Promise.allSettled([transport.close(), server.close()]));
    await server.connect(transport);
    await transport.handleRequest(req, res, req.body);
  });
  // Nothing is pushed and there is no session to end.
  app.all('/mcp', (_req, res) => void res.status(405).set('allow', 'POST').end());
  app.use(tg.errors());
  return { app, tg };
}
