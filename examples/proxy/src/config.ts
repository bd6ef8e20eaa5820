import { isIP } from 'node:net';

/** Where one provider is, and with which key. */
interface ProviderConfig {
  apiKey: string;
  baseUrl: string | undefined;
}

/** Settings read from the environment. */
export interface Config {
  port: number;
  host: string;
  /** Express's `trust proxy`: the number of proxies in front of the app, or their addresses; `false`: none. */
  trustProxy: number | string | false;
  /** Folder for the app's data. */
  directory: string;
  production: boolean;
  openai: ProviderConfig | undefined;
  anthropic: ProviderConfig | undefined;
  /** API keys as `envKeys()` reads them; absent: those of the database. */
  keys: string | undefined;
  /** Where the ledger is; absent: embedded, in the folder. */
  databaseUrl: string | undefined;
  /** Where counters are shared with other processes; absent: in memory. */
  redisUrl: string | undefined;
  /** Milliseconds that Redis may take before a request is refused. */
  redisDeadlineMs: number;
  /** Requests that may be in flight at once; others wait, paying plans in front. */
  maxInFlight: number;
  /** Receiver of alerts; absent: none. */
  alerts: { url: string; secret: string } | undefined;
  /** Bearer token for `/metrics`; absent: none. */
  metricsToken: string | undefined;
  /** Whether to send traffic to see on the dashboard. */
  demo: boolean;
  /** Milliseconds after SIGTERM in which `/readyz` answers 503 and requests are still served. */
  drainDelayMs: number;
  /** Milliseconds that running streams get after that. */
  graceMs: number;
}

/** Reads the environment; throws an error that names the variable, its value and the expected one. */
export function readConfig(env: NodeJS.ProcessEnv, args: readonly string[] = []): Config {
  const production = env.NODE_ENV === 'production';
  const demo = isDemo(env, args, production);
  if (production && !env.TOLLGATE_KEYS && !env.DATABASE_URL) {
    throw new Error(
      'TOLLGATE_KEYS must be set when NODE_ENV=production, or DATABASE_URL to a database with keys: demo keys are for development only',
    );
  }
  return {
    port: wholeNumber(env, 'PORT', 3000, 65_535),
    host: env.HOST || '127.0.0.1',
    trustProxy: trustProxyOf(env.TRUST_PROXY),
    directory: env.TOLLGATE_DIR || '.tollgate',
    production,
    openai: provider(env.OPENAI_API_KEY, env.OPENAI_BASE_URL),
    anthropic: provider(env.ANTHROPIC_API_KEY, env.ANTHROPIC_BASE_URL),
    keys: env.TOLLGATE_KEYS || undefined,
    databaseUrl: env.DATABASE_URL || undefined,
    redisUrl: env.REDIS_URL || undefined,
    redisDeadlineMs: wholeNumber(env, 'REDIS_DEADLINE_MS', 150, 60_000),
    maxInFlight: wholeNumber(env, 'MAX_IN_FLIGHT', 200, 1_000_000, 1),
    metricsToken: metricsTokenOf(env.METRICS_TOKEN),
    demo,
    alerts: alertsOf(env.ALERT_WEBHOOK_URL, env.ALERT_WEBHOOK_SECRET),
    drainDelayMs: wholeNumber(env, 'DRAIN_DELAY_MS', 0, 3_600_000),
    graceMs: wholeNumber(env, 'GRACE_MS', 10_000, 3_600_000),
  };
}

function metricsTokenOf(text: string | undefined): string | undefined {
  if (!text) return undefined;
  if (/^[\x21-\x7e]{16,}$/.test(text)) return text;
  throw new Error(
    'METRICS_TOKEN must be at least 16 characters without spaces, e.g. of "openssl rand -hex 16"',
  );
}

/** Demo traffic costs nothing and mixes with no real figures: it goes to the simulated provider and an embedded database. */
function isDemo(env: NodeJS.ProcessEnv, args: readonly string[], production: boolean): boolean {
  const unknown = args.find((arg) => arg !== '--demo');
  if (unknown !== undefined) throw new Error(`unknown argument ${JSON.stringify(unknown)}; known is --demo`);
  if (args.length === 0) return false;
  const names = [
    'OPENAI_API_KEY',
    'OPENAI_BASE_URL',
    'ANTHROPIC_API_KEY',
    'ANTHROPIC_BASE_URL',
    'TOLLGATE_KEYS',
    'DATABASE_URL',
    'REDIS_URL',
  ];
  const set = names.find((name) => env[name]);
  if (production || set !== undefined) {
    throw new Error(
      `--demo needs the simulated provider and the embedded database: unset ${production ? 'NODE_ENV=production' : set}`,
    );
  }
  return true;
}

/** A base URL alone is enough: self-hosted servers often need no key. */
function provider(apiKey: string | undefined, baseUrl: string | undefined): ProviderConfig | undefined {
  if (!apiKey && !baseUrl) return undefined;
  return { apiKey: apiKey || 'none', baseUrl: baseUrl || undefined };
}

/** Not `true`: then every client could write its own address into X-Forwarded-For. */
function trustProxyOf(text: string | undefined): Config['trustProxy'] {
  if (text === undefined || text === '' || text === '0') return false;
  if (/^[1-9]$/.test(text)) return Number(text);
  const parts = text.split(',').map((one) => one.trim());
  if (parts.every(isNetwork)) return parts.join(',');
  throw new Error(
    `TRUST_PROXY must be the number of proxies before this one, 0 to 9, or their addresses such as "loopback, 10.0.0.0/8", received ${JSON.stringify(text)}`,
  );
}

function isNetwork(text: string): boolean {
  if (/^(?:loopback|linklocal|uniquelocal)$/.test(text)) return true;
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  return (
    version > 0 &&
    more.length === 0 &&
    (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most && Number(bits) > 0))
  );
}

function alertsOf(url: string | undefined, secret: string | undefined): Config['alerts'] {
  if (url && secret) return { url, secret };
  if (!url && !secret) return undefined;
  throw new Error('ALERT_WEBHOOK_URL and ALERT_WEBHOOK_SECRET must be set together: every alert is signed');
}

function wholeNumber(
  env: NodeJS.ProcessEnv,
  name: string,
  otherwise: number,
  most: number,
  least = 0,
): number {
  const text = env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${name} must be an integer from ${least} to ${most}, received ${JSON.stringify(text)}`);
}
