import { afterAll, describe, expect, it } from '@jest/globals';
import { billing, lago, openMeter, stripeMeters } from '@tollgate/billing';
import * as upstream from '@tollgate/upstream';
import * as watching from '@tollgate/watch';
import * as gate from 'tollgate';

/** A factory, options that it takes, and those of its options for which one of the values below does say something. */
interface Row {
  readonly make: (options: object) => unknown;
  readonly fine: object;
  readonly meant?: Readonly<Record<string, readonly unknown[]>>;
}

const nothing = async (): Promise<undefined> => undefined;
const plans = gate.definePlans({ free: { spend: '$1/day', requests: '5/min' } });
const keys = gate.memoryKeys();
const provider = gate.openai({ apiKey: 'sk-a' });
const client = { sendCommand: nothing };
const pool = { connect: nothing, query: nothing, end: nothing };
const database = { ready: nothing, end: nothing, execute: nothing, listen: nothing };
const store = gate.memoryQuota();
const off = gate.memorySwitch();
const model = { provider, model: 'gpt-5', quality: 1 };
const routing = { models: [model], tasks: { simple: {} }, prices: () => undefined };
const jwt = { issuer: 'https://issuer', audience: 'api', jwksUrl: 'https://issuer/keys' };
const none: readonly unknown[] = [[]];

const row = <Options>(
  make: (options: Options) => unknown,
  fine: object = {},
  meant: Row['meant'] = {},
): Row => ({ make: (options) => make(options as Options), fine, meant });

const rows: Readonly<Record<string, Row>> = {
  tollgate: row(gate.tollgate, { plans, keys }, { sinks: none }),
  authenticate: row(gate.authenticate, { keys }),
  'authenticate: failures': row((failures: object) => gate.authenticate({ keys, failures })),
  jwtStrategy: row((options: gate.JwtOptions) => gate.jwtStrategy({ jwt: options }), jwt, {
    requiredClaims: none,
  }),
  requireScope: row((options: { scopes: string[] }) => gate.requireScope(options), { scopes: ['a'] }),
  envKeys: row((options: object) =>
    gate.envKeys({ env: { TOLLGATE_KEYS: `${gate.createKey().key} tenant=a plan=free` }, ...options }),
  ),
  'memoryKeys: create': row(keys.create, { tenant: 'a', plan: 'free' }, { scopes: none, models: none }),
  childCredentials: row(gate.childCredentials, { secret: 'x'.repeat(32) }),
  budget: row(gate.budget, { plans, store }),
  concurrency: row(gate.concurrency, { limit: 5 }),
  rateLimit: row(gate.rateLimit, { plans }),
  'definePlans: a plan': row((free: object) => gate.definePlans({ free }), {}, { degrade: none }),
  'definePlans: a limit': row((spend: { limit: string }) => gate.definePlans({ free: { spend } }), {
    limit: '$1/day',
  }),
  memoryQuota: row(gate.memoryQuota, {}, { sinks: none, thresholds: none }),
  jsonBody: row(gate.jsonBody),
  tollgateErrors: row(gate.tollgateErrors),
  guardrails: row(gate.guardrails, {}, { moderators: none }),
  injection: row(gate.injection, {}, { trustedRoles: none }),
  secrets: row(gate.secrets),
  personalData: row(gate.personalData),
  pattern: row(gate.pattern, { name: 'a', words: ['b'], action: 'block' }),
  meter: row(gate.meter, {}, { sinks: none, allowFields: none }),
  meteredFetch: row(gate.meteredFetch),
  openai: row(gate.openai, { apiKey: 'a' }),
  anthropic: row(gate.anthropic, { apiKey: 'a' }),
  gemini: row(gate.gemini, { apiKey: 'a' }),
  bedrock: row(gate.bedrock, { apiKey: 'a', region: 'us-west-2' }),
  azureOpenAI: row(gate.azureOpenAI, { apiKey: 'a', baseUrl: 'https://a', apiVersion: 'b' }),
  openAiCompatible: row(gate.openAiCompatible, { name: 'a', baseUrl: 'https://a' }),
  provider: row(gate.provider, { name: 'a', baseUrl: 'https://a', paths: { models: '/models' } }),
  proxy: row(gate.proxy, { provider }),
  resilience: row(gate.resilience),
  router: row(gate.router, routing),
  'router: a task': row((simple: object) => gate.router({ ...routing, tasks: { simple } })),
  metrics: row(gate.metrics),
  watch: row(watching.watch),
  alerts: row(gate.alerts, { to: [gate.callback(nothing)] }, { ignore: none }),
  killSwitch: row(gate.killSwitch, { store: off }),
  slack: row(gate.slack, { url: 'https://a' }),
  pagerDuty: row(gate.pagerDuty, { routingKey: 'r'.repeat(32) }),
  redisQuota: row(gate.redisQuota, { client }, { thresholds: none }),
  outbox: row(gate.outbox, { client, sinks: [gate.callbackSink(nothing)] }),
  rateLimitStores: row(gate.rateLimitStores, { client }),
  redisAlerts: row(gate.redisAlerts, { client }),
  redisSwitch: row(gate.redisSwitch, { client }),
  redisClaims: row(gate.redisClaims, { client }),
  memoryClaims: row(gate.memoryClaims),
  cache: row(gate.cache),
  memoryCache: row(gate.memoryCache),
  redisCache: row(gate.redisCache, { client }),
  usageFeed: row(gate.usageFeed, { client, sink: gate.callbackSink(nothing) }),
  database: row(gate.database, { pool }),
  reports: row(gate.reports, { database }),
  billing: row(billing, {
    database,
    provider: { send: nothing },
    meters: [{ name: 'spend', quantity: 'costNanoUsd' }],
    since: '2026-11-01T00:00:00Z',
  }),
  stripeMeters: row(stripeMeters, { stripe: { billing: { meterEvents: {} } } }),
  lago: row(lago, { url: 'https://a', token: 'a' }),
  openMeter: row(openMeter, { url: 'https://a', token: 'a' }),
};

const silly: readonly unknown[] = [null, Number.NaN, '', ' ', [], [''], [' ']];

/** What was made after all: it may listen to channels and hold timers, which tests after these would pay for. */
const made: unknown[] = [];
afterAll(async () => {
  for (const one of made) {
    for (const name of ['close', 'end'] as const) {
      const stop: unknown = typeof one === 'object' && one !== null && Reflect.get(one, name);
      if (typeof stop === 'function') await Promise.resolve(stop.call(one)).catch(() => undefined);
    }
  }
});

/** The message of what is thrown; nothing where nothing is. */
function thrown(make: () => unknown): string | undefined {
  try {
    made.push(make());
    return undefined;
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

describe.each(Object.entries(rows))('%s', (_name, { make, fine, meant = {} }) => {
  const unknown = thrown(() => make({ ...fine, misspelt: 1 })) ?? '';
  const names = /known are ([\w, ]+)/.exec(unknown)?.[1]?.split(', ') ?? [];

  it('throws for an option that it does not know, and names those that it does', () => {
    expect(unknown).toMatch(/unknown option "misspelt".*; known are \w+/);
    expect(names.length).toBeGreaterThan(0);
  });

  it.each(names)(
    'throws where %s is null, no number, empty or nothing but spaces, and says what is expected',
    (name) => {
      const taken = silly.filter((value) => {
        const message = thrown(() => make({ ...fine, [name]: value }));
        // Not what the language says when it stumbles over the value later.
        if (message !== undefined)
          expect(message).not.toMatch(/^Cannot|is not (?:a function|iterable)|undefined/);
        return message === undefined;
      });
      expect(taken).toEqual(meant[name] ?? []);
    },
  );
});

describe('names that lead nowhere', () => {
  it.each<[string, () => unknown, string]>([
    ['a file without a name', () => gate.fileSwitch(''), 'fileSwitch: a path is required, received ""'],
    ['a provider that nobody knows', () => gate.meter({ provider: 'opnai' }), '(did you mean "openai"?)'],
    [
      'a base URL of nobody',
      () => gate.meter({ baseUrls: { 'https://a/v1': 'opnai' } }),
      'meter: "baseUrls" must be one of',
    ],
    [
      'a base URL that is none',
      () => gate.meter({ baseUrls: { 'llm.example.com': 'openai' } }),
      '"baseUrls" must be an object of providers by base URL',
    ],
    [
      'an alias of a model without a price',
      () => gate.meter({ models: { mine: 'gpt-5-mni' } }),
      'meter: "models" says that "mine" is "gpt-5-mni", which has no price',
    ],
    [
      'a key on a plan that is not defined',
      () => {
        const some = gate.memoryKeys();
        some.create({ tenant: 'acme', plan: 'fre' });
        return gate.tollgate({ plans, keys: some });
      },
      'authenticate: "keys" holds a key on the plan "fre" (did you mean "free"?), which "plans" does not define',
    ],
    [
      'tokens on a plan that is not defined',
      () => gate.authenticate({ plans, jwt: { ...jwt, defaultPlan: 'pro' } }),
      '"jwt" gives tokens without a plan the "defaultPlan" "pro", which "plans" does not define',
    ],
    [
      'a ladder that prefers answers which nobody keeps',
      () =>
        gate.tollgate({
          plans: { free: { spend: '$1/day', degrade: [{ at: 0.5, cache: 'first' }] } },
          keys,
        }),
      'tollgate: plan "free" has a step that prefers answers paid for before, but "cache" is not given',
    ],
    [
      'a ladder that prefers answers in a way there is not',
      () => gate.definePlans({ free: { degrade: [{ at: 0.5, cache: 'last' as 'first' }] } }),
      'definePlans: plan "free": degrade[0]: "cache" must be one of "first"',
    ],
    [
      'a ladder to a model without a price',
      () =>
        gate.tollgate({
          plans: { free: { spend: '$1/day', degrade: [{ at: 0.5, model: { 'gpt-5': 'gpt-5-mni' } }] } },
          keys,
        }),
      'tollgate: plan "free" degrades to "gpt-5-mni", which has no price',
    ],
    [
      'two providers of one name',
      () => gate.proxy({ providers: [provider, gate.openai({ apiKey: 'sk-b' })] }),
      'providers of different names or base URLs ("openai" is there twice',
    ],
    [
      'a rule for no detector',
      () => watching.watch({ policy: [{ detectors: [], minScore: 1, action: { do: 'observe' } }] }),
      '"detectors" must be a non-empty array',
    ],
    [
      'a cheaper model than none',
      () =>
        watching.watch({
          policy: [
            { detectors: ['spend'], minScore: 1, action: { do: 'cheaper', models: {}, forMs: 1_000 } },
          ],
        }),
      '"models" must be an object of model names by model name',
    ],
    [
      'headers that are no object',
      () => Reflect.apply(upstream.anthropic, undefined, [{ apiKey: 'a', headers: 'x-a' }]),
      'anthropic: "headers" must be an object of header names',
    ],
  ])('throw for %s', (_what, make, message) => {
    expect(thrown(make)).toContain(message);
  });

  it('are not meant where the app prices its own', () => {
    const free = { prices: { mine: 'free' } } as const;
    expect(() => gate.meter({ provider: 'my-vllm', models: { alias: 'mine' }, ...free })).not.toThrow();
    const degrade = [{ at: 0.5, model: { 'gpt-5': 'mine' } }];
    expect(() =>
      gate.tollgate({ plans: { free: { spend: '$1/day', degrade } }, keys, meter: free }),
    ).not.toThrow();
  });
});
