import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type PostgresProcess, type RedisProcess, startPostgres, startRedis } from '@tollgate/testkit';
import {
  callbackSink,
  memoryKeys,
  subscribe,
  type Tollgate,
  type TollgateOptions,
  tollgate,
} from '../src/index.js';
import { until } from './watched-app.js';

const long = process.env.TOLLGATE_LONG === '1';
const measuredMs = long ? 10_000 : 4_000;
const caller = { id: 'job', tenant: 'acme', plan: 'free', scopes: [], labels: {} };

/** Every command that clients send to a server, by MONITOR; those that scripts run are left out. */
async function commandsTo({ port }: RedisProcess, ms: number): Promise<string[]> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
  });
  socket.write('MONITOR\r\n');
  await until(() => text.startsWith('+OK'));
  await delay(ms);
  socket.destroy();
  return text.split('\r\n').filter((line) => /^\+[\d.]+ \[\d+ (?!lua)/.test(line));
}

describe('an idle process on Redis', () => {
  let redis: RedisProcess;
  let postgres: PostgresProcess;
  let running: Tollgate | undefined;
  beforeAll(async () => {
    [redis, postgres] = await Promise.all([startRedis({ args: ['--appendonly', 'yes'] }), startPostgres()]);
  });
  afterAll(async () => {
    await Promise.all([redis.stop(), postgres.stop()]);
  });
  afterEach(() => running?.close({ graceMs: 500 }));
  let prefixes = 0;

  /** An app that has made one metered call, whose event has been delivered. */
  async function idle(options: Partial<TollgateOptions>): Promise<void> {
    prefixes += 1;
    const events: unknown[] = [];
    const tg = tollgate({
      plans: { free: { requests: '10/min', spend: '$1/day' } },
      redis: { url: redis.url, prefix: `idle${prefixes}`, deadlineMs: 2_000 },
      sinks: [callbackSink((event) => void events.push(event))],
      ...options,
    });
    running = tg;
    await until(() => tg.isReady);
    const usage = { outputTokens: 50 };
    await tg.runWith(caller, (context) => context.record({ provider: 'openai', model: 'gpt-5-mini', usage }));
    await until(() => events.length === 1);
  }

  const cases: [string, () => Partial<TollgateOptions>, number][] = [
    ['with limits and usage events', () => ({ keys: memoryKeys() }), 5],
    // It also reads the switch, and the usage events of other processes, once a second.
    ['that watches as well', () => ({ keys: memoryKeys(), watch: {} }), 6],
    ['that rebuilds from a ledger', () => ({ database: { connectionString: postgres.url } }), 5],
  ];
  it.each(long ? cases : cases.slice(0, 1))(
    '%s sends few commands a second',
    async (_which, options, most) => {
      await idle(options());
      // By then it has looked a few times without finding anything.
      await delay(2_000);
      const commands = await commandsTo(redis, measuredMs);
      expect(commands.length).toBeGreaterThan(0);
      expect(commands.length).toBeLessThanOrEqual((most * measuredMs) / 1_000);
    },
    60_000,
  );

  it('notices that Redis was emptied', async () => {
    await idle({ keys: memoryKeys() });
    const warned: unknown[] = [];
    const stop = subscribe('tollgate:warning', ({ code }) => void warned.push(code));
    const socket = connect(redis.port, '127.0.0.1');
    socket.write('FLUSHALL\r\n');
    await once(socket, 'data');
    socket.destroy();
    await until(() => warned.includes('TOLLGATE_W_REDIS_LOST'));
    stop();
  }, 150_000);
});
