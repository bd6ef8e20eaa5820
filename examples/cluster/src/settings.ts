/** How large the run is, and where it counts. */
export interface Settings {
  /** Worker processes. */
  workers: number;
  /** Requests in flight at each worker, from the first moment on. */
  requestsPerWorker: number;
  /** The budget of all of them together, in nano-dollars. */
  capNanoUsd: number;
  /** How often a client that was refused asks once more. */
  asksAgain: number;
  /** Absent: a Redis of our own. */
  redisUrl: string | undefined;
  /** Prefix of the keys: it separates this run from everything else on that Redis. */
  prefix: string;
  /** The run is given up after this long, in milliseconds. */
  giveUpAfterMs: number;
}

/** Reads the environment; throws an error that names the variable. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  return {
    workers: wholeNumber(env, 'WORKERS', 4, 64),
    requestsPerWorker: wholeNumber(env, 'REQUESTS', 250, 10_000),
    capNanoUsd: wholeNumber(env, 'CAP_NANO_USD', 20_000_000, 1_000_000_000_000),
    asksAgain: wholeNumber(env, 'ASKS_AGAIN', 3, 100),
    redisUrl: env.REDIS_URL || undefined,
    prefix: env.PREFIX || `cluster-${process.pid}-${Date.now().toString(36)}`,
    giveUpAfterMs: wholeNumber(env, 'GIVE_UP_AFTER_MS', 20_000, 600_000),
  };
}

function wholeNumber(env: NodeJS.ProcessEnv, name: string, otherwise: number, most: number): number {
  const text = env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new Error(`${name} must be an integer from 0 to ${most}, received ${JSON.stringify(text)}`);
}
