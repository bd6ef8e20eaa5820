import { afterAll, describe, expect, it } from '@jest/globals';
import { admin, sessions } from '@tollgate/admin';
import * as auth from '@tollgate/auth';
import { billing, lago, openMeter, stripeMeters } from '@tollgate/billing';
import * as budgets from '@tollgate/budget';
import * as caching from '@tollgate/cache';
import * as inFlight from '@tollgate/concurrency';
import * as core from '@tollgate/core';
import { dashboard } from '@tollgate/dashboard';
import * as rules from '@tollgate/guardrails';
import * as metering from '@tollgate/meter';
import * as inSql from '@tollgate/postgres';
import * as limiting from '@tollgate/rate-limit';
import * as onRedis from '@tollgate/redis';
import * as reporting from '@tollgate/reports';
import * as telemetry from '@tollgate/telemetry';
import * as upstream from '@tollgate/upstream';
import * as watching from '@tollgate/watch';
import { tollgate } from 'tollgate';

/** A factory, options that it takes, and those of its options for which one of the values below does say something. */
interface Row {
  readonly make: (options: object) => unknown;
  readonly fine: object;
  readonly meant?: Readonly<Record<string, readonly unknown[]>>;
}

const nothing = async (): Promise<undefined> => undefined;
const plans = core.definePlans({ free: { spend: '$1/day', requests: '5/min' } });
const keys = auth.memoryKeys();
const provider = upstream.openai({ apiKey: 'sk-a' });
const client = { sendCommand: nothing };
const pool = { connect: nothing, query: nothing, end: nothing };
const database = { ready: nothing, end: nothing, execute: nothing, listen: nothing };
const store = core.memoryQuota();
const off = core.memorySwitch();
const model = { provider, model: 'gpt-5', quality: 1 };
const routing = { models: [model], tasks: { simple: {} }, prices: () => undefined };
const jwt = { issuer: 'https://issuer', audience: 'api', jwksUrl: 'https://issuer/keys' };
const none: readonly unknown[] = [[]];
const app = { plans, store, ledger: undefined, registry: undefined, switch: undefined };

const row = <Options>(
  make: (options: Options) => unknown,
  fine: object = {},
  meant: Row['meant'] = {},
): Row => ({ make: (options) => make(options as Options), fine, meant });

const rows: Readonly<Record<string, Row>> = {
  tollgate: row(tollgate, { plans, keys }, { sinks: none }),
  admin: row(admin, { tg: app, authorize: nothing }, { grantableScopes: none }),
  dashboard: row(
    dashboard,
    { tg: app, authorize: nothing, own: '../usage', history: '../history' },
    { grantableScopes: none },
  ),
  sessions: row(sessions, { identify: () => undefined }),
  authenticate: row(auth.authenticate, { keys }),
  'authenticate: failures': row((failures: object) => auth.authenticate({ keys, failures })),
  jwtStrategy: row((options: auth.JwtOptions) => auth.jwtStrategy({ jwt: options }), jwt, {
    requiredClaims: none,
  }),
  requireScope: row((options: { scopes: string[] }) => auth.requireScope(options), { scopes: ['a'] }),
  envKeys: row((options: object) =>
    auth.envKeys({ env: { TOLLGATE_KEYS: `${auth.createKey().key} tenant=a plan=free` }, ...options }),
  ),
  'memoryKeys: create': row(keys.create, { tenant: 'a', plan: 'free' }, { scopes: none, models: none }),
  childCredentials: row(auth.childCredentials, { secret: 'x'.repeat(32) }),
  budget: row(budgets.budget, { plans, store }),
  concurrency: row(inFlight.concurrency, { limit: 5 }),
  rateLimit: row(limiting.rateLimit, { plans }),
  'definePlans: a plan': row((free: object) => core.definePlans({ free }), {}, { degrade: none }),
  'definePlans: a limit': row((spend: { limit: string }) => core.definePlans({ free: { spend } }), {
    limit: '$1/day',
  }),
  memoryQuota: row(core.memoryQuota, {}, { sinks: none, thresholds: none }),
  jsonBody: row(core.jsonBody),
  tollgateErrors: row(core.tollgateErrors),
  guardrails: row(rules.guardrails, {}, { moderators: none }),
  injection: row(rules.injection, {}, { trustedRoles: none }),
  secrets: row(rules.secrets),
  personalData: row(rules.personalData),
  pattern: row(rules.pattern, { name: 'a', words: ['b'], action: 'block' }),
  openAiModeration: row(rules.openAiModeration, { apiKey: 'a' }),
  presidio: row(rules.presidio, { url: 'http://localhost:5002' }),
  bedrockGuardrail: row(rules.bedrockGuardrail, {
    region: 'us-west-2',
    guardrailId: 'a',
    guardrailVersion: '1',
    apiKey: 'a',
  }),
  lakera: row(rules.lakera, { apiKey: 'a' }),
  meter: row(metering.meter, {}, { sinks: none, allowFields: none }),
  meteredFetch: row(metering.meteredFetch),
  openai: row(upstream.openai, { apiKey: 'a' }),
  anthropic: row(upstream.anthropic, { apiKey: 'a' }),
  gemini: row(upstream.gemini, { apiKey: 'a' }),
  bedrock: row(upstream.bedrock, { apiKey: 'a', region: 'us-west-2' }),
  azureOpenAI: row(upstream.azureOpenAI, { apiKey: 'a', baseUrl: 'https://a', apiVersion: 'b' }),
  openAiCompatible: row(upstream.openAiCompatible, { name: 'a', baseUrl: 'https://a' }),
  provider: row(upstream.provider, { name: 'a', baseUrl: 'https://a', paths: { models: '/models' } }),
  proxy: row(upstream.proxy, { provider }),
  resilience: row(upstream.resilience),
  router: row(upstream.router, routing),
  'router: a task': row((simple: object) => upstream.router({ ...routing, tasks: { simple } })),
  metrics: row(telemetry.metrics),
  watch: row(watching.watch),
  challenge: row(watching.challenge, { score: nothing }),
  proofOfWork: row(watching.proofOfWork),
  alerts: row(watching.alerts, { to: [watching.callback(nothing)] }, { ignore: none }),
  killSwitch: row(watching.killSwitch, { store: off }),
  slack: row(watching.slack, { url: 'https://a' }),
  pagerDuty: row(watching.pagerDuty, { routingKey: 'r'.repeat(32) }),
  redisQuota: row(onRedis.redisQuota, { client }, { thresholds: none }),
  outbox: row(onRedis.outbox, { client, sinks: [metering.callbackSink(nothing)] }),
  rateLimitStores: row(onRedis.rateLimitStores, { client }),
  redisAlerts: row(onRedis.redisAlerts, { client }),
  redisSwitch: row(onRedis.redisSwitch, { client }),
  redisClaims: row(onRedis.redisClaims, { client }),
  memoryClaims: row(core.memoryClaims),
  cache: row(caching.cache),
  memoryCache: row(core.memoryCache),
  redisCache: row(onRedis.redisCache, { client }),
  usageFeed: row(onRedis.usageFeed, { client, sink: metering.callbackSink(nothing) }),
  database: row(inSql.database, { pool }),
  reports: row(reporting.reports, { database }),
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
    ['a file without a name', () => watching.fileSwitch(''), 'fileSwitch: a path is required, received ""'],
    ['a provider that nobody knows', () => metering.meter({ provider: 'opnai' }), '(did you mean "openai"?)'],
    [
      'a base URL of nobody',
      () => metering.meter({ baseUrls: { 'https://a/v1': 'opnai' } }),
      'meter: "baseUrls" must be one of',
    ],
    [
      'a base URL that is none',
      () => metering.meter({ baseUrls: { 'llm.example.com': 'openai' } }),
      '"baseUrls" must be an object of providers by base URL',
    ],
    [
      'an alias of a model without a price',
      () => metering.meter({ models: { mine: 'gpt-5-mni' } }),
      'meter: "models" says that "mine" is "gpt-5-mni", which has no price',
    ],
    [
      'a key on a plan that is not defined',
      () => {
        const some = auth.memoryKeys();
        some.create({ tenant: 'acme', plan: 'fre' });
        return tollgate({ plans, keys: some });
      },
      'authenticate: "keys" holds a key on the plan "fre" (did you mean "free"?), which "plans" does not define',
    ],
    [
      'tokens on a plan that is not defined',
      () => auth.authenticate({ plans, jwt: { ...jwt, defaultPlan: 'pro' } }),
      '"jwt" gives tokens without a plan the "defaultPlan" "pro", which "plans" does not define',
    ],
    [
      'a ladder that prefers answers which nobody keeps',
      () =>
        tollgate({
          plans: { free: { spend: '$1/day', degrade: [{ at: 0.5, cache: 'first' }] } },
          keys,
        }),
      'tollgate: plan "free" has a step that prefers answers paid for before, but "cache" is not given',
    ],
    [
      'a ladder that prefers answers in a way there is not',
      () => core.definePlans({ free: { degrade: [{ at: 0.5, cache: 'last' as 'first' }] } }),
      'definePlans: plan "free": degrade[0]: "cache" must be one of "first"',
    ],
    [
      'a ladder to a model without a price',
      () =>
        tollgate({
          plans: { free: { spend: '$1/day', degrade: [{ at: 0.5, model: { 'gpt-5': 'gpt-5-mni' } }] } },
          keys,
        }),
      'tollgate: plan "free" degrades to "gpt-5-mni", which has no price',
    ],
    [
      'two providers of one name',
      () => upstream.proxy({ providers: [provider, upstream.openai({ apiKey: 'sk-b' })] }),
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
    [
      "a plan's price in a wrong field",
      () => reporting.reports({ database, prices: { paid: { fee: 20 } as object } } as never),
      'prices of plan "paid": unknown option "fee"; known are markupPercent',
    ],
    [
      'a base URL of OpenAI without /v1',
      () => upstream.openai({ apiKey: 'a', baseUrl: 'https://api.openai.com' }),
      'with "/v1"',
    ],
    [
      'a provider whose key would travel in the clear',
      () => upstream.openai({ apiKey: 'a', baseUrl: 'http://llm.example.com/v1' }),
      '"baseUrl" must be an https: URL',
    ],
    [
      'alerts that would travel in the clear',
      () => watching.slack({ url: 'http://hooks.example.com/a' }),
      '"url" must be an https: URL',
    ],
    [
      'a plan that allows a model without a price',
      () => tollgate({ plans: { free: { spend: '$1/day', models: ['gpt5-mini'] } }, keys }),
      'plan "free" allows the model "gpt5-mini", which has no price',
    ],
    [
      'a ladder without a limit whose share it could reach',
      () => tollgate({ plans: { free: { requests: '5/min', degrade: [{ at: 0.5, warn: true }] } }, keys }),
      '"degrade" begins at a share of a limit, and the plan has none of money or tokens',
    ],
    [
      'a catalogue whose prices are misspelt',
      () => metering.priceCatalogue({ price: {} } as object),
      'unknown option "price"',
    ],
    [
      'keys that are no records',
      () => auth.memoryKeys(['tg_live_abc'] as never),
      'memoryKeys: record 0: options must be an object',
    ],
    [
      'keys that are no list',
      () => auth.memoryKeys('x' as never),
      'memoryKeys: records must be an array of key records',
    ],
    [
      'a key record without a tenant',
      () => auth.memoryKeys([{ nonsense: 1 }] as never),
      'record 0: unknown option "nonsense"',
    ],
    ['scopes in a list', () => auth.requireScope(['a', 'b'] as never), "requireScope('a', 'b')"],
    [
      'an option of express-rate-limit',
      () => limiting.rateLimit({ windowMs: 60_000, max: 10 } as object),
      'rateLimit: "windowMs" is an option of express-rate-limit; here write limits: \'10/min\'',
    ],
    [
      'a scope that there is not',
      () => limiting.rateLimit({ limits: { rate: '5/min', by: ['route', 'usr' as 'user'] } }),
      'without "usr" (did you mean "user"?)',
    ],
    [
      'requests in a wrong unit',
      () => core.definePlans({ free: { requests: '10/m' as '10/min' } }),
      'such as "5/min"',
    ],
    [
      'a fallback without a price',
      () => {
        const tg = tollgate({ plans, keys });
        made.push(tg);
        const retried = upstream.resilience({ fallbacks: { 'gpt-5': ['gpt-5-mini', 'nope'] } });
        const provider = upstream.openai({ apiKey: 'a' });
        tg.proxy({ provider, resilience: retried });
      },
      'the fallback "nope" of "gpt-5" has no price',
    ],
    [
      'an option that is nearly another',
      () => tollgate({ plans, keys, cach: true } as never),
      'unknown option "cach" (did you mean "cache"?)',
    ],
    [
      'a rule whose action cannot reach its subjects',
      () =>
        watching.watch({
          policy: [
            {
              detectors: ['spend'],
              subjects: ['global'],
              minScore: 3,
              action: { do: 'slow', delayMs: 50, forMs: 1_000 },
            },
          ],
        }),
      '"slow" has no effect on global; it acts on key, user, team, tenant',
    ],
    [
      'a block of customers',
      () =>
        watching.watch({
          policy: [
            {
              detectors: ['spend'],
              subjects: ['tenant'],
              minScore: 3,
              action: { do: 'block', forMs: 1_000 },
            },
          ],
        }),
      '"block" has no effect on tenant; it acts on network',
    ],
    [
      'a detector that never finds such a subject',
      () =>
        watching.watch({
          policy: [
            { detectors: ['credential-stuffing'], subjects: ['key'], minScore: 3, action: { do: 'observe' } },
          ],
        }),
      'never for key',
    ],
    [
      'a suspension without a store',
      () =>
        watching.watch({
          policy: [
            { detectors: ['spend'], minScore: 3, action: { do: 'suspend', forMs: 1_000, cutsRunning: true } },
          ],
        }),
      'rule 0 of "policy" suspends, which needs "store"',
    ],
    [
      'a score that is never reached',
      () => watching.watch({ policy: [{ detectors: ['spend'], minScore: 60, action: { do: 'observe' } }] }),
      '"minScore" must be a number from 0 to 50',
    ],
  ])('throw for %s', (_what, make, message) => {
    expect(thrown(make)).toContain(message);
  });

  it.each<[string, () => unknown]>([
    ['the URL of Redis', () => tollgate({ plans, keys, redis: 'redis://:hunter2@10.0.0.1:6379' } as never)],
    [
      'the URL of a database',
      () => tollgate({ plans, keys, database: 'postgres://u:hunter2@h/db' } as never),
    ],
    ['a wrong URL of Redis', () => tollgate({ plans, keys, redis: { url: 'http://:hunter2@h' } })],
    ['a short secret', () => tollgate({ plans, keys, meter: { promptHashSecret: 'hunter2' } })],
    ['a short secret of child credentials', () => auth.childCredentials({ secret: 'hunter2' })],
    ['a database', () => inSql.database({ connectionString: 'mysql://u:hunter2@h/db' })],
    ['a base URL', () => upstream.openai({ apiKey: 'a', baseUrl: 'https://u:hunter2@h/v1' })],
    [
      'a token of a billing service',
      () => lago({ url: 'https://u:hunter2@h', token: 'hunter2', misspelt: 1 } as never),
    ],
    [
      'a bearer token where a name belongs',
      () => core.definePlans({ free: { spend: 'Bearer hunter2hunter2' as never } }),
    ],
    ['text that contains a key', () => metering.meter({ provider: 'sk-proj-hunter2hunter2hunter2hunter2' })],
  ])('never show a secret: %s', (_what, make) => {
    const message = thrown(make);
    expect(message).toBeDefined();
    expect(message).not.toContain('hunter2');
  });

  it('are not meant where the app prices its own', () => {
    const free = { prices: { mine: 'free' } } as const;
    expect(() => metering.meter({ provider: 'my-vllm', models: { alias: 'mine' }, ...free })).not.toThrow();
    const degrade = [{ at: 0.5, model: { 'gpt-5': 'mine' } }];
    expect(() =>
      tollgate({ plans: { free: { spend: '$1/day', degrade } }, keys, meter: free }),
    ).not.toThrow();
  });
});
