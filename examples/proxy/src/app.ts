import { admin, sessions } from '@tollgate/admin';
import { dashboard } from '@tollgate/dashboard';
import { capUsage } from '@tollgate/reports';
import express, { type Express } from 'express';
import helmet from 'helmet';
import {
  answerError,
  injection,
  type KeyStore,
  memoryJobs,
  metrics,
  type Provider,
  secrets,
  type Tollgate,
  TollgateError,
  type TollgateOptions,
  tollgate,
  type UsageSink,
} from 'tollgate';
import { onlyFromHere } from './only-from-here.js';
import { plans } from './plans.js';
import { withToken } from './with-token.js';

/** Settings and clients of the app. */
export interface AppConfig {
  /** Absent: keys and limits are in the database, where `tollgate keys` and `tollgate budgets` change them. */
  keys?: KeyStore | undefined;
  /** Where usage events go. */
  sinks: UsageSink[];
  /** The providers; the first that supports a route's API serves it. */
  providers: Provider[];
  /** The ledger; absent: none. */
  database?: TollgateOptions['database'] | undefined;
  /** Shares counters with other processes; absent: in memory. */
  redis?: TollgateOptions['redis'] | undefined;
  /** Where keys, tenants, models or everything are switched off; `true`: on Redis. */
  off: NonNullable<TollgateOptions['switch']>;
  /** Where to report events of budgets, stores, providers and switches; absent: nowhere. */
  alerts: TollgateOptions['alerts'] | undefined;
  /** Express's `trust proxy`: the proxies in front of the app. */
  trustProxy: number | string | false;
  /** Bearer token of Prometheus on another machine; absent: it needs an admin's key. */
  metricsToken: string | undefined;
  /** Whether `watch()` acts, or only reports. */
  watchActs: boolean;
  /** Requests that may be in flight at once, of all processes on one Redis. */
  maxInFlight: number;
}

/** The whole app: an OpenAI- and Anthropic-compatible API with keys, plans, limits, metering and hard budgets. */
export function createApp({
  keys,
  sinks,
  providers,
  database,
  redis,
  off,
  alerts,
  metricsToken,
  watchActs,
  maxInFlight,
  trustProxy,
}: AppConfig): {
  app: Express;
  tg: Tollgate;
} {
  const stores = { ...(database && { database }), ...(redis && { redis }) };
  const capsOf = async () =>
    tg.ledger
      ? capUsage(tg.ledger.database, { plans, ...(tg.registry && { overrides: tg.registry.overrides }) })
      : [];
  // The fullest limits name tenants: only for a Prometheus with the token.
  const measured = metrics({ process: true, ...(metricsToken && { limits: capsOf }) });
  const tg = tollgate({
    plans,
    ...(keys && { keys }),
    sinks: [...sinks, measured.sink],
    ...stores,
    ...(alerts && { alerts }),
    switch: off, // `tollgate switch off …`
    // Keys do not leave with a prompt (400); suspected injections are counted on /metrics, and pass.
    guardrails: { rules: [secrets({ on: 'input' }), injection({ action: 'flag', trustedRoles: [] })] },
    concurrency: { limit: maxInFlight }, // others wait for 10 s, pro in front of free
    jobs: { queue: memoryJobs() }, // deferred requests run when the window opens; bullJobs() keeps them over restarts
    meter: { exposeCost: true },
    watch: { mode: watchActs ? 'enforce' : 'shadow' }, // shadow reports unusual spending to the alerts; enforce acts, too
    cache: true, // asked again with "temperature": 0, it costs nothing: x-tollgate-cache: hit
  });
  measured.watch(tg);
  const logins = sessions({
    identify: ({ tollgate: { caller } }) => caller && { name: caller.keyId ?? caller.id, role: 'operator' },
    isValid: ({ name }) => tg.isKeyValid(name), // a session ends within 5 s of its key
  });
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', trustProxy); // proxies whose X-Forwarded-For is trusted
  app.use(helmet());

  app.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  app.get('/readyz', (_req, res) => void res.status(tg.isReady ? 200 : 503).json({ ready: tg.isReady }));

  const mayScrape = metricsToken ? withToken(metricsToken) : onlyFromHere;
  app.get('/metrics', mayScrape, measured.handler()); // others need an admin's key:
  app.get('/metrics', tg.guards(), tg.scope('admin'), measured.handler());

  app.use(
    '/dashboard', // a form asks for an admin's key
    dashboard({
      tg,
      authorize: logins.authorize,
      login: { guards: [tg.authenticate(), tg.scope('admin')], sessions: logins },
      own: '../v1/usage',
      ...(database && { history: '../v1/usage/history' }),
    }),
  );

  // The same for scripts: TOLLGATE_TOKEN=<an admin's key> tollgate --url http://…/admin keys list
  const operators = admin({
    tg,
    authorize: ({ tollgate: { caller } }) => caller && { name: caller.keyId ?? caller.id, role: 'operator' },
  });
  app.use('/admin', tg.authenticate(), tg.scope('admin'), operators);

  app.get('/v1/usage', tg.usage()); // needs a key, and costs no request
  if (database) app.get('/v1/usage/history', tg.usageHistory()); // from the ledger: ?by=model,day
  app.use('/v1', tg.guards()); // everything below needs a key, and can be paid for
  const passOn = tg.proxy({ providers });
  app.post('/v1/chat/completions', passOn);
  app.post('/v1/responses', passOn);
  app.post('/v1/embeddings', passOn);
  app.post('/v1/messages', passOn);
  app.get('/v1/models', passOn);

  app.use((req, res) => answerError(req, res, notFound(), 'auto'));
  app.use(tg.errors());
  tg.jobs?.start(app);
  return { app, tg };
}

function notFound(): TollgateError {
  return new TollgateError({ status: 404, code: 'not_found', message: 'There is no such route.' });
}
