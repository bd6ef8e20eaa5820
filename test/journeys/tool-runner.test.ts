import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import express, { type Express } from 'express';
import { anthropic, memoryKeys, type Tollgate, tollgate } from 'tollgate';

const keys = memoryKeys();
const { key } = keys.create({ tenant: 'acme', plan: 'one' });
let provider: SimulatedProvider;
let tg: Tollgate;
let server: Server;
let events: UsageEvent[];

beforeAll(async () => {
  provider = await simulateProvider();
});
afterAll(() => provider.close());
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await tg.close({ graceMs: 100 });
});

async function start(route: (app: Express, tg: Tollgate) => void): Promise<string> {
  events = [];
  const sink = { write: (event: UsageEvent): void => void events.push(event) };
  tg = tollgate({ plans: { one: { spend: '$5/day' } }, keys, sinks: [sink] });
  const app = express();
  app.use(tg.guards());
  route(app, tg);
  app.use(tg.errors());
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Two turns: the model asks for the tool, then answers. */
async function run(client: Anthropic): Promise<{ text: string; runs: number }> {
  let runs = 0;
  provider.script({ toolCall: false });
  provider.queue({ toolCall: { name: 'weather', arguments: { city: 'Rome' } } });
  const runner = client.beta.messages.toolRunner({
    ...{ model: 'claude-haiku-4-5', max_tokens: 200, max_iterations: 5 },
    messages: [{ role: 'user', content: 'How is the weather in Rome?' }],
    tools: [
      {
        ...{ type: 'custom', name: 'weather', description: 'The weather in a city' },
        input_schema: { type: 'object', properties: { city: { type: 'string' } } },
        parse: (input: unknown) => input,
        run: async () => {
          runs += 1;
          return 'sunny';
        },
      },
    ],
  });
  const { content } = await runner.runUntilDone();
  return { text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''), runs };
}

describe("Anthropic's tool runner, which asks for a thread that the provider keeps", () => {
  it('continues without one through proxy(), and each turn is metered', async () => {
    const url = await start((app, { proxy }) =>
      app.use(proxy({ provider: anthropic({ apiKey: 'x', baseUrl: provider.url }) })),
    );
    const { text, runs } = await run(new Anthropic({ apiKey: key, baseURL: url, maxRetries: 0 }));
    expect(text).not.toBe('');
    expect(runs).toBe(1);
    expect(events.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
  });

  it('continues without one in a handler', async () => {
    const url = await start((app, { fetch: metered }) =>
      app.post('/agent', async (_req, res) => {
        const client = new Anthropic({ apiKey: 'x', baseURL: provider.url, fetch: metered, maxRetries: 0 });
        res.json(await run(client));
      }),
    );
    const answer = await fetch(`${url}/agent`, {
      ...{ method: 'POST', body: '{}' },
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    });
    expect(await answer.json()).toMatchObject({ runs: 1 });
    expect(answer.status).toBe(200);
  });
});
