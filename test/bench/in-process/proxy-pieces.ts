import { anthropic, openai, type Provider, proxy, resilience, router } from '@tollgate/upstream';
import express, { type Express, type RequestHandler } from 'express';
import { callers } from '../callers.js';
import { everyPiece } from '../every-piece.js';
import { wholeChain } from '../whole-chain.js';
import type { Asked } from './fake-client.js';
import type { FakeProvider } from './fake-provider.js';

/** The apps that are compared, each in front of the faked provider. */
export function contenders(faked: FakeProvider): Readonly<Record<string, Asked>> {
  const faking = (provider: Provider): Provider => ({
    ...provider,
    dispatcher: () => faked.dispatcher as never,
  });
  const openAi = faking(openai({ apiKey: 'sk-a' }));
  const claude = faking(anthropic({ apiKey: 'sk-b', models: ['gpt-*', 'claude-*'] }));
  const shared = () =>
    resilience({ fallbacks: { 'gpt-*': ['gpt-5', { provider: claude, model: 'claude-haiku-4-5' }] } });
  const route = () =>
    router({
      models: [
        { provider: openAi, model: 'gpt-5-mini', quality: 0.8 },
        { provider: claude, model: 'claude-haiku-4-5', quality: 0.7 },
      ],
      tasks: { simple: {}, extraction: {}, code: { quality: 0.75 }, reasoning: { quality: 0.75 } },
      prices: (_, { provider }) => ({ costNanoUsd: provider === 'openai' ? 1_000 : 2_000 }),
    });
  const known = { callers: callers(20) };
  return {
    "undici's callbacks alone": { app: app(pipe(faked)) },
    'proxy()': { app: app(proxy({ provider: openAi })) },
    '+ retries, breakers, fallbacks': { app: app(proxy({ provider: openAi, resilience: shared() })) },
    '+ routed': {
      app: app(proxy({ route: route(), translate: true, resilience: shared() })),
      model: 'auto',
    },
    '+ translated': { app: app(proxy({ provider: claude, translate: true, resilience: shared() })) },
    'the whole chain and proxy()': {
      app: app(...wholeChain(), proxy({ provider: openAi, resilience: shared() })),
      ...known,
    },
    'with every piece': { app: everyPiece({ openAi, claude }, 'routed'), model: 'auto', ...known },
    'with every piece and translated': {
      app: everyPiece({ openAi, claude }, 'translated'),
      model: 'auto',
      ...known,
    },
  };
}

function app(...handlers: RequestHandler[]): Express {
  const made = express();
  made.use('/v1', ...handlers);
  return made;
}

/** Body out, answer back, nothing read. */
const pipe =
  ({ dispatcher }: FakeProvider): RequestHandler =>
  (req, res) => {
    const body = JSON.stringify(req.body);
    const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-a' };
    dispatcher.dispatch(Object.assign({ path: '/v1/chat/completions' }, { method: 'POST', headers, body }), {
      onRequestStart() {},
      onResponseStart(_, status, given) {
        res.writeHead(status, { 'content-type': String(given['content-type']) });
      },
      onResponseData(_, chunk) {
        res.write(chunk);
      },
      onResponseEnd() {
        res.end();
      },
      onResponseError() {
        res.destroy();
      },
    });
  };
