import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { simulateProvider } from '@tollgate/simulator';
import { memoryKeys } from 'tollgate';
import { createApp } from './app.js';

const { OPENAI_API_KEY, PORT = '3014' } = process.env;
const simulated = OPENAI_API_KEY ? undefined : await simulateProvider();
const keys = memoryKeys();
const agent = keys.create({ tenant: 'acme', plan: 'agent', scopes: ['tool:summarise', 'tool:search'] }).key;
const reader = keys.create({ tenant: 'globex', plan: 'agent', scopes: ['tool:summarise'] }).key;
const { app, tg } = createApp({
  keys,
  openaiApiKey: OPENAI_API_KEY ?? 'simulated',
  openaiBaseUrl: simulated?.openAiUrl ?? 'https://api.openai.com/v1',
});
const server = app.listen(Number(PORT), '127.0.0.1', async () => {
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  const connect = async (key: string): Promise<Client> => {
    const client = new Client({ name: 'demo', version: '1.0.0' });
    const requestInit = { headers: { authorization: `Bearer ${key}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
    return client;
  };
  const client = await connect(agent);
  const { tools } = await client.listTools();
  console.log('acme sees:', tools.map(({ name }) => name).join(', '));
  const other = await connect(reader);
  console.log('globex sees:', (await other.listTools()).tools.map(({ name }) => name).join(', '));
  let searches = 0;
  for (;;) {
    const found = await client.callTool({ name: 'search', arguments: { query: 'tides' } }).catch(String);
    if (typeof found === 'string') {
      console.log(`after ${searches} searches:`, found.slice(0, 100));
      break;
    }
    searches += 1;
  }
  const summary = await other.callTool({
    name: 'summarise',
    arguments: { text: 'The sea rises and falls.' },
  });
  console.log('globex:', JSON.stringify(summary.content).slice(0, 100));
  console.log(`listening on ${url}; try it with Claude Code:`);
  console.log(
    `claude mcp add --transport http paid-tools ${url}/mcp --header 'Authorization: Bearer ${reader}'`,
  );
});
process.once('SIGTERM', async () => {
  server.close();
  await tg.close({ graceMs: 5_000 });
  await simulated?.close();
  process.exit(0);
});
