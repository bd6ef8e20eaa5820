import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import {
  callbackSink,
  type Tollgate,
  type TollgateOptions,
  tollgate,
  type UsageEvent,
} from '../src/index.js';
import { plans, solve, until, watchedApp, watchedKeys } from './watched-app.js';

describe('tollgate({ watch, redis })', () => {
  let server: RedisProcess;
  let provider: SimulatedProvider;
  const started: Tollgate[] = [];
  const who = watchedKeys();
  beforeAll(async () => {
    [server, provider] = await Promise.all([startRedis(), simulateProvider()]);
  });
  afterAll(async () => {
    await Promise.all([server.stop(), provider.close()]);
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((tg) => tg.close({ graceMs: 500 })));
  });
  let prefixes = 0;
  const startTwo = async (
    watch: NonNullable<TollgateOptions['watch']>,
    more: Partial<TollgateOptions> = {},
  ) => {
    prefixes += 1;
    const redis = { url: server.url, prefix: `watched${prefixes}`, deadlineMs: 5_000 };
    const seen = new Set<number>();
    const apps = [0, 1].map((index) => {
      // Asked for each event of a tenant.
      const budgetOf = (): undefined => void seen.add(index);
      return watchedApp(provider, who, { redis, watch: { ...watch, budgetOf }, ...more });
    });
    const [one, other] = apps as [(typeof apps)[0], (typeof apps)[0]];
    started.push(one.tg, other.tg);
    await until(() => one.tg.isReady && other.tg.isReady);
    // Events are seen as soon as it is known where their tenant's stream is. A client that repeats itself within milliseconds would be
    // taken for a loop, and slowed down: these ask something else each time, and seldom.
    let asked = 0;
    await until(
      async () => {
        asked += 1;
        await one.ask(who.other.key, `hello ${asked}`).expect(200);
        return seen.size === 2;
      },
      { everyMs: 250 },
    );
    return { one, other };
  };

  it('acts in every process on what one of them has seen, takes a solution once for all, and tells it once', async () => {
    const action = { do: 'challenge', forMs: 600_000, leastBits: 1, mostBits: 10 } as const;
    const { one, other } = await startTwo({
      policy: [{ detectors: ['agent-loop'], minScore: 6, action }],
    });
    for (let step = 0; (await one.ask(who.acme.key, `step ${step % 2}`)).status === 200; step += 1) {
      expect(step).toBeLessThan(200);
    }
    await until(async () => (await other.ask(who.acme.key, 'hello')).status === 429);
    const asked = await other.ask(who.acme.key, 'hello').expect(429);
    const solution = solve(String(asked.headers['x-tollgate-challenge']));
    await one.ask(who.acme.key, 'hello', solution).expect(200);
    await other.ask(who.acme.key, 'hello', solution).expect(429);
    await one.ask(who.acme.key, 'hello', solution).expect(429);
    await other.ask(who.globex.key, 'hello').expect(200);
    const told = () => [...one.notices, ...other.notices].map(({ event, incident }) => [event, incident.key]);
    await until(() => told().length > 0);
    await Promise.all(started.splice(0).map((tg) => tg.close()));
    expect(told()).toEqual([['opened', `watch/key/${who.acme.keyId}`]]);
  });

  it('switches off for all, and hands each event to the app’s own sinks once beside it', async () => {
    const events: UsageEvent[] = [];
    const sinks = [callbackSink((event) => void events.push(event))];
    const { one, other } = await startTwo({ minUsd: 0 }, { sinks });
    let answered = 0;
    await until(async () => {
      const both = await Promise.all(
        [one, other].map((app) => app.ask(who.acme.key, `step ${answered % 2}`)),
      );
      answered += both.filter(({ status }) => status === 200).length;
      return both.every(({ status, body }) => status === 403 && body.error.code === 'switched_off');
    });
    const [entry] = (await one.tg.switch?.read())?.entries ?? [];
    expect(entry).toMatchObject({ kind: 'key', name: who.acme.keyId, by: 'watch' });
    await Promise.all(started.splice(0).map((tg) => tg.close()));
    const own = events.filter(({ keyId, outcome }) => keyId === who.acme.keyId && outcome === 'ok');
    expect(own).toHaveLength(answered);
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(events.length);
  });

  it('says at start that it needs the outbox', () => {
    const redis = { url: server.url, outbox: false };
    expect(() => tollgate({ plans, keys: who.keys, redis, watch: {} })).toThrow(
      'tollgate: redis: "watch" sees what all processes spend by "outbox", which is false',
    );
  });
});
