import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import { type SimulatedProvider, type SimulatedProviderOptions, simulateProvider } from '@tollgate/simulator';
import express, { type Express, type RequestHandler } from 'express';
import OpenAI from 'openai';
import {
  anthropic,
  callbackSink,
  counterOf,
  formatUsd,
  memoryKeys,
  memoryQuota,
  openai,
  type PlanDeclaration,
  spend,
  type Tollgate,
  type TollgateOptions,
  tollgate,
  type UsageEvent,
} from 'tollgate';

/** An app on a real socket in front of a simulated provider, and what a test wants to know of it. */
export interface RunningApp {
  readonly url: string;
  readonly tg: Tollgate;
  readonly provider: SimulatedProvider;
  readonly key: string;
  /** Makes a key of another tenant on the same plan. */
  newKey(tenant: string): string;
  /** Usage events, in order. */
  readonly events: UsageEvent[];
  /** Official clients that speak to the app. `requests` counts what they sent. */
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
  readonly sent: () => number;
  /** The key's money, in nano-dollars. */
  money(): Promise<{ used: number; held: number }>;
  /** Resolves when every admitted request is settled. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** What a test says of its app. */
export interface AppSetup {
  plan?: PlanDeclaration;
  options?: Partial<TollgateOptions>;
  provider?: SimulatedProviderOptions;
  /** Middleware before the guards. */
  before?: RequestHandler;
  /** Routes behind the guards; absent: the provider's routes, passed through. */
  routes?: (app: Express, tg: Tollgate, provider: SimulatedProvider) => void;
}

/** Starts an app with one key on plan `test`. */
export async function startApp({
  plan = { spend: '$1/day' },
  options,
  provider: scripted,
  before,
  routes,
}: AppSetup = {}): Promise<RunningApp> {
  const provider = await simulateProvider(scripted);
  const events: UsageEvent[] = [];
  const keys = memoryKeys();
  const { key, keyId } = keys.create({ tenant: 'acme', plan: 'test' });
  const store = memoryQuota({ sinks: [callbackSink((event) => void events.push(event))] });
  const tg = tollgate({ plans: { test: plan }, keys, store, ...options });
  const app = express();
  if (before) app.use(before);
  app.use(tg.guards());
  (routes ?? passThrough)(app, tg, provider);
  app.use(tg.errors());
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let sent = 0;
  const counting: typeof fetch = (input, init) => {
    sent += 1;
    return fetch(input, init);
  };
  const limit = spend('$1/day');
  const counter = counterOf(limit, {
    caller: { id: keyId, keyId, tenant: 'acme', plan: 'test', scopes: [], labels: {} },
  });
  return {
    url,
    tg,
    provider,
    key,
    newKey: (tenant) => keys.create({ tenant, plan: 'test' }).key,
    events,
    openai: new OpenAI({ apiKey: key, baseURL: `${url}/v1`, fetch: counting }),
    anthropic: new Anthropic({ apiKey: key, baseURL: url, fetch: counting }),
    sent: () => sent,
    async money() {
      const [state] = await store.read('acme', [counter]);
      return { used: state?.used ?? 0, held: state?.held ?? 0 };
    },
    async settled() {
      while (tg.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
    },
    async close() {
      await tg.close({ graceMs: 2_000 });
      await stop(server);
      await provider.close();
    },
  };
}

/** The routes of the providers, passed through. */
export function passThrough(app: Express, tg: Tollgate, provider: SimulatedProvider): void {
  const providers = [
    openai({ apiKey: 'simulated', baseUrl: provider.openAiUrl }),
    anthropic({ apiKey: 'simulated', baseUrl: provider.url }),
  ];
  app.post(/^\/v1\/(chat\/completions|responses|embeddings|messages)$/, tg.proxy({ providers }));
}

/** What counters were charged for an attempt, in nano-dollars: its cost, and what is unresolved of it. */
export const chargedFor = (event: UsageEvent | undefined): number =>
  Number(event?.costNanoUsd) + Number(event?.unresolvedNanoUsd);

/** A plan text of so many nano-dollars a day. */
export function dollarsPerDay(nanoUsd: number): string {
  return `$${formatUsd(nanoUsd)}/day`;
}

async function stop(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  if (server.listening) await once(server, 'close');
}
