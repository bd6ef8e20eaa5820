import { describe, expect, it } from '@jest/globals';
import { faultProxy } from '@tollgate/testkit';
import { createClient } from 'redis';
import { appOnLedger, spend } from './app-on-ledger.js';
import { MemoryLedger } from './memory-ledger.js';
import { newPrefix, useRedis } from './servers.js';
import { untilDone } from './spender.js';

const redis = useRedis();
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Every key of a prefix as it was when this was called is put back in one step; keys that came later go. */
async function snapshotOf(prefix: string): Promise<() => Promise<unknown>> {
  const { client } = redis();
  await client.eval(
    "for _, key in ipairs(redis.call('KEYS', ARGV[1] .. ':*')) do redis.call('COPY', key, 'copy:' .. key) end",
    { arguments: [prefix] },
  );
  const restore = `
    for _, key in ipairs(redis.call('KEYS', ARGV[1] .. ':*')) do redis.call('DEL', key) end
    for _, key in ipairs(redis.call('KEYS', 'copy:' .. ARGV[1] .. ':*')) do redis.call('RENAME', key, string.sub(key, 6)) end`;
  return () => client.eval(restore, { arguments: [prefix] });
}

describe('a server that comes back with an older copy of its data, with a ledger', () => {
  it('counts what was charged since, holds what still runs, and drops what has ended since', async () => {
    const ledger = new MemoryLedger();
    const prefix = newPrefix();
    const app = appOnLedger(ledger, { client: redis().client, prefix });
    const [before, ended, runs] = [
      await untilDone(() => app.spender.reserve({ want: 10 })),
      await app.spender.reserve({ want: 20 }),
      await app.spender.reserve({ want: 7 }),
    ];
    if (!before || !ended || !runs) throw new Error('refused');
    await app.spender.charge(before);
    await app.delivery.flush();
    const restore = await snapshotOf(prefix);
    await pass(150);
    await app.spender.charge(ended, 15);
    const later = await app.spender.reserve({ want: 30 });
    if (!later) throw new Error('refused');
    await app.spender.charge(later, 25);
    await app.delivery.flush();
    await restore();
    expect(await untilDone(() => app.spender.standing())).toEqual([{ used: 50, held: 7 }]);
    await app.spender.charge(runs, 5);
    expect(await app.spender.standing()).toEqual([{ used: 55, held: 0 }]);
    expect(await app.spender.reserve({ want: 46 })).toBeUndefined();
    await app.end();
  });

  it('is not believed by processes that begin anew, either: the ledger knows more', async () => {
    const ledger = new MemoryLedger();
    const prefix = newPrefix();
    const first = appOnLedger(ledger, { client: redis().client, prefix });
    const one = await untilDone(() => first.spender.reserve({ want: 10 }));
    if (!one) throw new Error('refused');
    await first.spender.charge(one);
    const restore = await snapshotOf(prefix);
    const two = await first.spender.reserve({ want: 60 });
    if (!two) throw new Error('refused');
    await first.spender.charge(two);
    await first.delivery.flush();
    await first.end();
    await restore();
    await pass(10_200);
    const second = appOnLedger(ledger, { client: redis().client, prefix });
    expect(await untilDone(() => second.spender.standing())).toEqual([{ used: 70, held: 0 }]);
    await second.end();
  }, 90_000);
});

describe('a settlement that Redis has done, whose answer was lost with Redis', () => {
  it('is counted once, and its event told once', async () => {
    const ledger = new MemoryLedger();
    const prefix = newPrefix();
    const line = await faultProxy({ target: redis().process.port });
    const client = createClient({
      url: `redis://127.0.0.1:${line.port}`,
      socket: { reconnectStrategy: () => 50 },
    });
    client.on('error', () => undefined);
    await client.connect();
    const app = appOnLedger(ledger, { client, prefix, deadlineMs: 300 });
    const reader = appOnLedger(ledger, { client: redis().client, prefix });
    const [zero, one] = [
      await untilDone(() => app.spender.reserve({ want: 5 })),
      await app.spender.reserve({ want: 40 }),
    ];
    if (!zero || !one) throw new Error('refused');
    await app.spender.charge(zero); // the server knows the script from here on
    await pass(700); // and each process the other
    line.set('drop-reply');
    await expect(app.spender.charge(one, 30)).rejects.toThrow();
    while ((await reader.spender.standing())[0]?.used !== 35) await pass(20);
    await reader.delivery.flush();
    expect(ledger.events.size).toBe(2);
    await redis().client.flushAll();
    line.set('pass');
    await untilDone(() => app.spender.charge(one, 30));
    expect(await untilDone(() => reader.spender.standing())).toEqual([{ used: 35, held: 0 }]);
    expect(await reader.spender.reserve({ want: 66 })).toBeUndefined();
    await Promise.all([app.end(), reader.end()]);
    expect(ledger.sum(spend.counter, one.grants[0]?.window ?? '')).toBe(35);
    client.destroy();
    await line.close();
  }, 90_000);
});
