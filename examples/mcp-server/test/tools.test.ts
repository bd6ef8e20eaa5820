import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { memoryKeys, type Tollgate } from 'tollgate';
import { createApp } from '../src/app.js';

let provider: SimulatedProvider;
let tg: Tollgate;
let server: Server;
let url: string;
let keyWith: (...scopes: string[]) => string;
beforeEach(async () => {
  provider = await simulateProvider();
  const keys = memoryKeys();
  keyWith = (...scopes) => keys.create({ tenant: 'acme', plan: 'agent', scopes }).key;
  const made = createApp({ keys, openaiApiKey: 'a', openaiBaseUrl: provider.openAiUrl });
  tg = made.tg;
  server = createServer(made.app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await tg.close({ graceMs: 500 });
  await provider.close();
});

async function connect(key: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  return client;
}

describe('an MCP server with paid tools', () => {
  it('shows a caller the tools that its key has scopes for', async () => {
    const client = await connect(keyWith('tool:summarise'));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['summarise']);
    const search = await client
      .callTool({ name: 'search', arguments: { query: 'x' } })
      .catch((error) => error);
    expect(JSON.stringify(search) + String(search)).toContain('not found');
  });

  it('meters the model that a tool calls', async () => {
    const client = await connect(keyWith('tool:summarise'));
    const { content } = await client.callTool({ name: 'summarise', arguments: { text: 'The sea.' } });
    expect(content).toEqual([{ type: 'text', text: expect.any(String) }]);
    expect(provider.requests).toHaveLength(1);
    expect(provider.accounts().billed.outputTokens).toBeGreaterThan(0);
  });

  it('tells the agent’s model when the money is used up, and asks no provider then', async () => {
    const client = await connect(keyWith('tool:summarise', 'tool:search'));
    const search = () => client.callTool({ name: 'search', arguments: { query: 'tides' } });
    for (let count = 0; count < 9; count += 1) expect((await search()).isError).toBe(false);
    // Half a cent is left, and this may cost more.
    const text = 'The sea rises and falls. '.repeat(800);
    const refused = await client.callTool({ name: 'summarise', arguments: { text } });
    expect(refused).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('budget') }] });
    await search();
    await expect(search()).rejects.toThrow('budget_exceeded');
    expect(provider.requests).toHaveLength(0);
  });

  it('refuses a client without a key before MCP begins', async () => {
    await expect(connect('tg_live_unknown')).rejects.toThrow(/401|invalid_api_key|Unauthorized/);
  });
});
