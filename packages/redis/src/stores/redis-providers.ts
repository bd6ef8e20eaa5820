import { createHash } from 'node:crypto';
import {
  accepts,
  checkOptions,
  type OpenBreaker,
  type ProviderAmounts,
  type ProviderStore,
  providerUnits,
  type TakeAnswer,
  type Taken,
  type WaitingCall,
} from '@tollgate/core/internal';
import { type ConnectionOptions, connectionOf } from '../connection/connection.js';
import { prefixCheck } from '../connection/options.js';
import { giveBackSource, stateSource, takeSource } from '../lua/allowance.js';
import { breakerSource } from '../lua/breakers.js';
import { ScriptRunner } from '../script/script-runner.js';
import { scriptOf } from '../script/scripts.js';

/** Options of {@link redisProviders}. */
export interface RedisProvidersOptions extends ConnectionOptions {
  /** Begins every key; without braces. @defaultValue 'tollgate' */
  prefix?: string;
  /** How long a call may take, in ms, 5 to 60 000. @defaultValue 150 */
  deadlineMs?: number;
}

/** Tenants that are remembered to wait for one allowance; of others the order is that in which they ask. */
const mostWaiting = 256;
/** The longest interval between two requests of a waiter, and the silence after that at which it is forgotten, as in core, in ms. */
const latestAskMs = 250;
const graceMs = 1_000;

const scripts = {
  take: scriptOf(takeSource),
  state: scriptOf(stateSource),
  giveBack: scriptOf(giveBackSource),
  breaker: scriptOf(breakerSource),
};

/**
 * State of providers on Redis, for all processes: the remaining amounts of their rate limits, with the fair order of the waiting tenants,
 * and the open circuit breakers. Each allowance is one key, and so are the breakers. Throws a `TypeError` for a wrong or unknown option.
 */
export function redisProviders(options: RedisProvidersOptions): ProviderStore {
  const sender = accepts.methods('sendCommand');
  checkOptions<RedisProvidersOptions>('redisProviders', options, {
    client: sender,
    pool: sender,
    sentinel: sender,
    cluster: sender,
    prefix: prefixCheck,
    deadlineMs: accepts.integerBetween(5, 60_000),
  });
  return providersOn(options);
}

/** The same; `ownClock`: for tests, in place of the server's, in ms. */
export function providersOn(options: RedisProvidersOptions, ownClock?: () => number): ProviderStore {
  const connection = connectionOf(options);
  if (!connection)
    throw new TypeError(
      'redisProviders: exactly one of "client", "pool", "sentinel" and "cluster" is required',
    );
  const { prefix = 'tollgate', deadlineMs = 150 } = options;
  const runner = new ScriptRunner({ connection, deadlineMs });
  const run = (name: keyof typeof scripts, key: string, args: readonly string[]): Promise<unknown> =>
    runner.run('providers', scripts[name], key, [ownClock ? String(ownClock()) : '', ...args]);
  const breaker = (what: string, id = '', forMs = 0): Promise<unknown> =>
    run('breaker', `${prefix}:provider:{breakers}`, [what, id, String(forMs)]);
  const keyOf = (allowance: string): string =>
    `${prefix}:provider:{${createHash('sha256').update(allowance).digest('hex').slice(0, 24)}}`;
  const bounds = [mostWaiting, latestAskMs, graceMs].map(String);
  return {
    async take(allowance, calls) {
      const asked = calls.flatMap(({ tenant, size }) => [tenant, ...textsOf(size)]);
      return answerIn(await run('take', keyOf(allowance), [...bounds, ...asked]), calls);
    },
    async state(allowance, { limits, taken, restMs = 0 }) {
      const stated = limits.flatMap(({ unit, limit, remaining, resetMs }) => [
        String(providerUnits.indexOf(unit) + 1),
        limit === undefined ? '' : String(limit),
        String(remaining),
        resetMs === undefined ? '' : String(resetMs),
      ]);
      const place = [taken ? String(taken.atMs) : '', ...textsOf(taken?.totals), ...textsOf(taken?.size)];
      await run('state', keyOf(allowance), [String(restMs), ...place, ...stated]);
    },
    async giveBack(allowance, { atMs, size }) {
      await run('giveBack', keyOf(allowance), [String(atMs), ...textsOf(size)]);
    },
    async openBreaker(id, forMs) {
      await breaker('open', id, forMs);
    },
    async closeBreaker(id) {
      await breaker('close', id);
    },
    tryBreaker: async (id, forMs) => Number(await breaker('try', id, forMs)) === 1,
    openBreakers: async () => breakersIn(await breaker('list')),
  };
}

const textsOf = (amounts: ProviderAmounts = {}): string[] =>
  providerUnits.map((unit) => String(amounts[unit] ?? 0));

function answerIn(answer: unknown, calls: readonly WaitingCall[]): TakeAnswer {
  const [waitMs = '0', atMs = '0', ...given] = Array.isArray(answer) ? answer.map(String) : [];
  const taken = calls.map(({ size }, position) => takenIn(given[position] ?? '', Number(atMs), size));
  return { taken, waitMs: Number(waitMs) };
}

function takenIn(text: string, atMs: number, size: ProviderAmounts): Taken | undefined {
  const [given, ...totals] = text.split(' ');
  if (given !== '1') return undefined;
  return {
    atMs,
    size,
    totals: Object.fromEntries(providerUnits.map((unit, index) => [unit, Number(totals[index] ?? 0)])),
  };
}

function breakersIn(answer: unknown): OpenBreaker[] {
  const fields = Array.isArray(answer) ? answer.map(String) : [];
  const open: OpenBreaker[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    open.push({ id: fields[index] ?? '', waitMs: Number(fields[index + 1]) });
  }
  return open;
}
