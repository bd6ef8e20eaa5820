import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PostgresProcess, type RedisProcess, startPostgres, startRedis } from '@tollgate/testkit';
import { tollgate } from '../src/index.js';
import { until } from './watched-app.js';

describe('an app whose counters are lost and cannot be rebuilt', () => {
  let redis: RedisProcess;
  let postgres: PostgresProcess;
  beforeAll(async () => {
    [redis, postgres] = await Promise.all([startRedis({ args: ['--appendonly', 'yes'] }), startPostgres()]);
  }, 150_000);
  afterAll(async () => {
    await Promise.all([redis.stop(), postgres.stop()]);
  });

  it('is not ready until they are, although Redis answers everything else', async () => {
    const tg = tollgate({
      plans: { free: { spend: '$1/day' } },
      redis: { url: redis.url },
      database: { connectionString: postgres.url },
    });
    await tg.ready();
    await until(() => tg.isReady);
    await postgres.kill();
    const socket = connect(redis.port, '127.0.0.1');
    socket.write('FLUSHALL\r\n');
    await once(socket, 'data');
    socket.destroy();
    await until(() => !tg.isReady);
    expect(tg.isReady).toBe(false);
    await postgres.restart();
    await until(() => tg.isReady);
    await tg.close({ graceMs: 0 });
  }, 150_000);
});
