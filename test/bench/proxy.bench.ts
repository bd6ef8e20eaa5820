/** A proxy in front of a provider that answers at once, streamed and not: pass-throughs, Tollgate's, and a gateway that many use. */
import { callers } from './callers.js';
import { chatBody } from './chat-body.js';
import type { Providers } from './every-piece.js';
import { compare, type Scenario } from './harness/compare.js';
import { listen } from './harness/listen.js';
import type { Load } from './harness/load.js';

const provider = (): string => process.env.BENCH_PROVIDER_URL ?? '';
const simulated = async (): Promise<Providers> => {
  const { anthropic, openai } = await import('@tollgate/upstream');
  return {
    openAi: openai({ apiKey: 'sk-provider', baseUrl: `${provider()}/v1` }),
    claude: anthropic({ apiKey: 'sk-provider', baseUrl: provider() }),
  };
};
const ourCallers = callers(20);
/** Words of a streamed answer; each is a chunk, and four more begin and end the stream. */
const chunks = 64 + 4;
const contenders = [
  'Express + undici.request',
  'Express + fetch',
  'proxy() alone',
  'the whole chain and proxy()',
  'with every piece',
  'with every piece and translated',
  '@portkey-ai/gateway',
];

function scenario(title: string, stream: boolean, connections: number): Scenario {
  const load = async (contender: string): Promise<Load> => {
    const { portkeyHeaders } = await import('./portkey.js');
    const headers = contender === '@portkey-ai/gateway' ? [portkeyHeaders(provider())] : ourCallers;
    const model = contender.startsWith('with every piece') ? 'auto' : undefined;
    return { path: '/v1/chat/completions', body: chatBody({ stream, model }), headers, connections };
  };
  const goals = stream
    ? ['the whole chain uses at most 1.15 times the CPU of the first']
    : ['the whole chain with every piece has at least 3 times the throughput of the gateway'];
  return { title, contenders, load, goals, ...(stream ? { pieces: { name: 'chunk', count: chunks } } : {}) };
}

await compare({
  name: 'proxy',
  services: {
    provider: async () => {
      const { simulateProvider } = await import('@tollgate/simulator');
      const script = { tokens: 64, chunkDelayMs: 5 };
      return (await simulateProvider({ script, precompute: true, keepRequests: 1 })).url;
    },
  },
  contenders: {
    'Express + undici.request': async () => {
      const { undiciPassThrough } = await import('./pass-through.js');
      return listen(undiciPassThrough(provider()));
    },
    'Express + fetch': async () => {
      const { fetchPassThrough } = await import('./pass-through.js');
      return listen(fetchPassThrough(provider()));
    },
    'proxy() alone': async () => {
      const { default: express } = await import('express');
      const { jsonBody } = await import('@tollgate/core');
      const { openai, proxy } = await import('@tollgate/upstream');
      const app = express();
      app.use(
        '/v1',
        jsonBody(),
        proxy({ provider: openai({ apiKey: 'sk-provider', baseUrl: `${provider()}/v1` }) }),
      );
      return listen(app);
    },
    'the whole chain and proxy()': async () => {
      const { default: express } = await import('express');
      const { openai, proxy } = await import('@tollgate/upstream');
      const { wholeChain } = await import('./whole-chain.js');
      const app = express();
      app.use(
        '/v1',
        ...wholeChain(),
        proxy({ provider: openai({ apiKey: 'sk-provider', baseUrl: `${provider()}/v1` }) }),
      );
      return listen(app);
    },
    'with every piece': async () => {
      const { everyPiece } = await import('./every-piece.js');
      return listen(everyPiece(await simulated(), 'routed'));
    },
    'with every piece and translated': async () => {
      const { everyPiece } = await import('./every-piece.js');
      return listen(everyPiece(await simulated(), 'translated'));
    },
    '@portkey-ai/gateway': async () => (await import('./portkey.js')).portkeyGateway(),
  },
  scenarios: [scenario('Not streamed', false, 32), scenario('Streamed', true, 64)],
});
