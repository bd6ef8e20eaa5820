import { describe, expect, it } from '@jest/globals';
import { type RedisQuotaOptions, redisQuota, StoreUnavailableError } from '../src/index.js';
import { appOnLedger } from './app-on-ledger.js';
import { MemoryLedger } from './memory-ledger.js';
import { newPrefix, useRedis } from './servers.js';
import { untilDone } from './spender.js';

const redis = useRedis();
const processOn = (ledger: MemoryLedger, prefix: string, more: RedisQuotaOptions = {}) =>
  appOnLedger(ledger, { client: redis().client, prefix, ...more });

describe('a server that is emptied, with a ledger', () => {
  it('counts on where the ledger says: what is admitted before and after never passes the cap', async () => {
    const ledger = new MemoryLedger();
    const app = processOn(ledger, newPrefix());
    const first = await untilDone(() => app.spender.reserve({ want: 60 }));
    if (!first) throw new Error('refused');
    await app.spender.charge(first);
    await app.delivery.flush();
    await redis().client.flushAll();
    const start = performance.now();
    const more = await untilDone(() => app.spender.reserve({ want: 60 }));
    process.stdout.write(`    emptied: decides again after ${Math.round(performance.now() - start)} ms\n`);
    expect(more).toBeUndefined();
    expect(await app.spender.standing()).toEqual([{ used: 60, held: 0 }]);
    expect(await app.spender.reserve({ want: 40 })).toBeDefined();
    expect(await app.spender.reserve({ want: 1 })).toBeUndefined();
    await app.end();
  });

  it('holds again what runs, charges it once, and loses no event that had not reached the ledger', async () => {
    const ledger = new MemoryLedger();
    const app = processOn(ledger, newPrefix());
    const running = await untilDone(() => app.spender.reserve({ want: 30 }));
    const done = await app.spender.reserve({ want: 20 });
    if (!running || !done) throw new Error('refused');
    ledger.isAway = true;
    await app.spender.charge(done, 15);
    await redis().client.flushAll();
    ledger.isAway = false;
    expect(await untilDone(() => app.spender.standing())).toEqual([{ used: 15, held: 30 }]);
    expect(await app.spender.reserve({ want: 56 })).toBeUndefined();
    await app.spender.charge(running, 25);
    expect(await app.spender.standing()).toEqual([{ used: 40, held: 0 }]);
    await app.delivery.flush();
    expect([...ledger.events.values()].map(({ costNanoUsd }) => costNanoUsd).sort()).toEqual(['15', '25']);
    await app.end();
  });

  it('stays closed while the ledger is away, and opens when it is back', async () => {
    const ledger = new MemoryLedger();
    const app = processOn(ledger, newPrefix(), { deadlineMs: 100 });
    const first = await untilDone(() => app.spender.reserve({ want: 60 }));
    if (!first) throw new Error('refused');
    await app.spender.charge(first);
    await app.delivery.flush();
    ledger.isAway = true;
    await redis().client.flushAll();
    const until = performance.now() + 3_000;
    let tries = 0;
    while (performance.now() < until) {
      const error: unknown = await app.spender.reserve({ want: 10 }).catch((cause) => cause);
      expect(error).toBeInstanceOf(StoreUnavailableError);
      tries += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(tries).toBeGreaterThan(10);
    ledger.isAway = false;
    expect(await untilDone(() => app.spender.reserve({ want: 41 }))).toBeUndefined();
    await app.end();
  });

  it('needs usage events to travel through it', () => {
    const spent = new MemoryLedger();
    expect(() => redisQuota({ client: redis().client, spent })).toThrow(
      'redisQuota: "spent" needs "outbox: true"',
    );
  });
});
