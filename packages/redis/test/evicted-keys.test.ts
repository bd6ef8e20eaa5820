import { describe, expect, it } from '@jest/globals';
import type { QuotaCounter } from '@tollgate/core/internal';
import { appOnLedger, spend } from './app-on-ledger.js';
import { MemoryLedger } from './memory-ledger.js';
import { newPrefix, useRedis } from './servers.js';
import { untilDone } from './spender.js';

const redis = useRedis();
const live: QuotaCounter = {
  ...spend,
  counter: 'concurrent/live/tenant=acme',
  unit: 'concurrent',
  limit: 2,
  window: { kind: 'live' },
};

/** A hundred a month: 60 used, 30 held. */
async function begun(counters: readonly QuotaCounter[] = [spend]) {
  const [ledger, prefix] = [new MemoryLedger(), newPrefix()];
  const app = appOnLedger(ledger, { client: redis().client, prefix, partitions: 1 }, counters);
  const used = await untilDone(() => app.spender.reserve({ want: 60 }));
  if (!used) throw new Error('refused');
  await app.spender.charge(used);
  const running = await app.spender.reserve({ want: 30 });
  if (!running) throw new Error('refused');
  await app.delivery.flush();
  return { ledger, prefix, app, running, lose: (key: string) => redis().client.del(`${prefix}:{p0}${key}`) };
}

describe('a single key that was evicted, or deleted by hand', () => {
  it('a partition’s own: is noticed; what is used and held stands as it did', async () => {
    const { app, running, lose } = await begun();
    await lose('');
    expect(await untilDone(() => app.spender.standing())).toEqual([{ used: 60, held: 30 }]);
    await app.spender.charge(running);
    expect(await app.spender.standing()).toEqual([{ used: 90, held: 0 }]);
    await app.end();
  });

  it('the counters of a scope: each cap is whole once more, what runs is charged, and nothing gets negative', async () => {
    const { app, running, lose, ledger } = await begun();
    expect(await lose(':s:tenant=acme')).toBe(1);
    expect(await app.spender.standing()).toEqual([{ used: 0, held: 0 }]);
    const again = await app.spender.reserve({ want: 100 });
    if (!again) throw new Error('refused');
    expect(await app.spender.reserve({ want: 1 })).toBeUndefined();
    await app.spender.charge(running, 25);
    const [standing] = await app.spender.standing();
    expect(standing?.used).toBe(25);
    expect(standing?.held).toBeGreaterThanOrEqual(0);
    await app.spender.charge(again);
    expect(await app.spender.standing()).toEqual([{ used: 125, held: 0 }]);
    expect(await app.spender.reserve({ want: 1 })).toBeUndefined();
    await app.end();
    expect(ledger.sum(spend.counter, again.grants[0]?.window ?? '')).toBe(60 + 25 + 100);
  });

  it('a reservation’s: it is charged once; what it held stays held, until all keys of the prefix are deleted and rebuilt', async () => {
    const { app, running, lose, prefix } = await begun([spend, live]);
    expect(await lose(`:r:${running.id}`)).toBe(1);
    await app.spender.charge(running, 25);
    await app.spender.charge(running, 25);
    const [money, places] = await app.spender.standing();
    expect(money?.used).toBe(85);
    expect([money?.held, places?.held]).toEqual([30, 1]);
    await app.delivery.flush();
    for (const key of await redis().client.keys(`${prefix}:*`)) await redis().client.del(key);
    expect(await untilDone(() => app.spender.standing())).toEqual([
      { used: 85, held: 0 },
      { used: 0, held: 0 },
    ]);
    await app.end();
  });
});
