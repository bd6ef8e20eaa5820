import { once } from 'node:events';
import type { Server } from 'node:http';
import { contextOf, jsonBody, type TollgateContext } from '@tollgate/core';
import type { Call, CallEnd, CallStep } from '@tollgate/core/internal';
import { type EnforcedLimits, type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import express, { type Request, type Response } from 'express';
import express4 from 'express4';
import {
  anthropic,
  azureOpenAI,
  gemini,
  openai,
  type Provider,
  type ProxyOptions,
  proxy,
} from '../src/index.js';

/** What the pipeline saw of the calls of one app. */
export interface Seen {
  readonly contexts: TollgateContext[];
  readonly calls: Call[];
  readonly ends: CallEnd[];
  readonly chunks: Buffer[];
  /** What a store does with the end of a call. */
  onEnd: () => Promise<void>;
}

/** An app with `proxy()` in front of a simulated provider. */
export interface Journey {
  readonly url: string;
  readonly sim: SimulatedProvider;
  readonly seen: Seen;
  /** Resolves when this many attempts have ended. */
  ended(count: number): Promise<void>;
  post(path: string, body: unknown, headers?: Record<string, string>): ReturnType<typeof fetch>;
  close(): Promise<void>;
}

export interface JourneyOptions extends Omit<ProxyOptions, 'provider' | 'providers'> {
  readonly providers?: (sim: SimulatedProvider) => Provider[];
  readonly step?: Partial<CallStep>;
  /** Runs before everything else. */
  readonly before?: (req: Request, res: Response) => void;
  /** Options that need the providers. */
  readonly routed?: () => Partial<ProxyOptions>;
  readonly express?: 4 | 5;
  /** Rate limits of the provider. */
  readonly limits?: EnforcedLimits;
}

/** The key of the app at the provider. */
export const appKey = 'sk-the-app';

const allProviders = (sim: SimulatedProvider): Provider[] => [
  openai({ apiKey: appKey, baseUrl: sim.openAiUrl }),
  anthropic({ apiKey: appKey, baseUrl: sim.url }),
  gemini({ apiKey: appKey, baseUrl: sim.url }),
];

/** Azure alone: it speaks the same API as OpenAI. */
export const azureOnly = (sim: SimulatedProvider): Provider[] => [
  azureOpenAI({
    apiKey: appKey,
    baseUrl: sim.url,
    apiVersion: '2024-10-21',
    deployments: { 'gpt-5': 'mine' },
  }),
];

export async function journey(options: JourneyOptions = {}): Promise<Journey> {
  const {
    providers = allProviders,
    step = {},
    before,
    routed,
    express: version = 5,
    limits,
    ...rest
  } = options;
  const sim = await simulateProvider({ apiKeys: [appKey, 'sk-other'], ...(limits && { limits }) });
  const made = providers(sim);
  const seen: Seen = { contexts: [], calls: [], ends: [], chunks: [], onEnd: () => Promise.resolve() };
  const waiting: { count: number; resolve: () => void }[] = [];
  const watcher: CallStep = {
    name: 'watcher',
    stage: 'parse',
    ...step,
    chunk(call, chunk, last) {
      seen.chunks.push(Buffer.from(chunk));
      return step.chunk?.(call, chunk, last);
    },
    end(call, end) {
      seen.calls.push(call);
      seen.ends.push(end);
      for (const { count, resolve } of waiting) if (seen.ends.length >= count) resolve();
      return seen.onEnd();
    },
  };
  const app = version === 5 ? express() : express4();
  app.use((req, res, next) => {
    before?.(req, res);
    const context = contextOf(req, res);
    seen.contexts.push(context);
    context.calls.use(watcher);
    next();
  });
  app.use(jsonBody({ limit: '20mb' }), proxy({ providers: made, ...rest, ...routed?.() }));
  const server: Server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return {
    url,
    sim,
    seen,
    ended: (count) =>
      new Promise((resolve) => {
        if (seen.ends.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    post: (path, body, headers = {}) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await sim.close();
      await Promise.all(made.map((one) => one.close()));
    },
  };
}

/** Plain bodies of the APIs. */
export const chat = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Hello there' }] };
export const messages = {
  model: 'claude-sonnet-5',
  max_tokens: 64,
  messages: [{ role: 'user', content: 'Hello there' }],
};
