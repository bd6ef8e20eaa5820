import { randomBytes } from 'node:crypto';
import Anthropic from '@anthropic-ai/sdk';
import { simulateProvider } from '@tollgate/simulator';
import OpenAI from 'openai';
import { memoryKeys } from 'tollgate';
import { createApp } from './app.js';
import { session } from './session.js';

const { ANTHROPIC_API_KEY, OPENAI_API_KEY, PORT = '3012' } = process.env;
const simulated = ANTHROPIC_API_KEY && OPENAI_API_KEY ? undefined : await simulateProvider();
const keys = memoryKeys();
const ann = keys.create({
  tenant: 'acme',
  team: 'platform',
  user: 'ann',
  plan: 'developer',
  scopes: ['self'],
});
const { app, tg } = createApp({
  keys,
  childSecret: process.env.CHILD_SECRET ?? randomBytes(32).toString('hex'),
  anthropicApiKey: ANTHROPIC_API_KEY ?? 'simulated',
  anthropicBaseUrl: simulated?.url ?? 'https://api.anthropic.com',
  openaiApiKey: OPENAI_API_KEY ?? 'simulated',
  openaiBaseUrl: simulated?.openAiUrl ?? 'https://api.openai.com/v1',
});
const server = app.listen(Number(PORT), '127.0.0.1', async () => {
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  const { token, expiresAt } = await session(url, ann.key, { spend: '$2', hours: 8 });
  console.log(`a session of ann's, at most $2 until ${expiresAt}:`);
  if (simulated) {
    const claude = new Anthropic({ authToken: token, apiKey: null, baseURL: url });
    const stream = claude.messages.stream({
      model: 'claude-sonnet-4-6',
      max_tokens: 300,
      messages: [{ role: 'user', content: 'Explain this stack trace.' }],
    });
    console.log('  Anthropic:', (await stream.finalMessage()).usage.output_tokens, 'tokens, streamed');
    const codex = new OpenAI({ apiKey: token, baseURL: `${url}/v1` });
    const { output_text } = await codex.responses.create({ model: 'gpt-5', input: 'Write a test.' });
    console.log('  OpenAI:', output_text.slice(0, 60));
    await codex.responses
      .create({ model: 'gpt-5', input: 'Write a novel.', max_output_tokens: 400_000 })
      .catch((error: unknown) => console.log('  too much:', String(error).slice(0, 90)));
    const usage = await fetch(`${url}/usage`, { headers: { authorization: `Bearer ${token}` } });
    const { limits } = (await usage.json()) as { limits: { limit: string; used: string; cap: string }[] };
    console.table(limits.map(({ limit, used, cap }) => ({ limit, used, cap })));
  }
  console.log('to try it with Claude Code:');
  console.log(`  ANTHROPIC_BASE_URL=${url} ANTHROPIC_AUTH_TOKEN=${token} claude`);
  console.log('or with Codex and others that speak the OpenAI API, over HTTP:');
  console.log(`  OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=${token} codex`);
});
process.once('SIGTERM', async () => {
  server.close();
  await tg.close({ graceMs: 5_000 });
  await simulated?.close();
  process.exit(0);
});
