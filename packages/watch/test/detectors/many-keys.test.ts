import { describe, expect, it } from '@jest/globals';
import { memorySwitch } from '@tollgate/core';
import { type Mitigation, watch } from '../../src/index.js';
import { attempt, dayMs, minuteMs } from './events.js';

/** All of them in the long run, where there is a memory of the default size for them. */
const keys = process.env.TOLLGATE_LONG === '1' ? 20_000 : 2_000;
const perTenant = 2;
const loops = 10;

describe('watch() with many keys at default options', () => {
  it(`suspends each of ${loops} loops among ${keys} keys that are used every day, and evicts no one`, async () => {
    let nowMs = Date.parse('2026-11-02T08:00:00Z');
    const mitigations: Mitigation[] = [];
    const watching = watch({
      now: () => nowMs,
      store: memorySwitch(),
      onMitigation: (mitigation) => mitigations.push(mitigation),
    });
    const write = (key: number, usd: number, promptHash: string): void =>
      void watching.sink.write(
        attempt({ tenant: `t${Math.floor(key / perTenant)}`, keyId: `k${key}`, usd, promptHash }),
      );
    for (let day = 0; day < 5; day += 1) {
      const startMs = nowMs;
      for (let round = 0; round < 3; round += 1)
        for (let key = 0; key < keys; key += 1) {
          nowMs = startMs + round * 3 * 60 * minuteMs + Math.floor((key / keys) * 60 * minuteMs);
          write(key, 0.01, `${day} ${round} ${key}`);
        }
      nowMs = startMs + dayMs;
    }
    const looping = Array.from({ length: loops }, (_, loop) => Math.floor((loop * keys) / loops) + 1);
    for (let request = 0; request < 600; request += 1)
      for (const key of looping) {
        nowMs += 100;
        write(key, 0.02, `loop ${key} ${request % 3}`);
        if (request % 50 === 0) await new Promise(setImmediate);
      }
    const applied = mitigations.filter(
      ({ action, outcome }) => action.do === 'suspend' && outcome === 'applied',
    );
    expect(new Set(applied.map(({ target }) => target.name))).toEqual(
      new Set(looping.map((key) => `k${key}`)),
    );
    expect(watching.evictions).toBe(0);
    await watching.end();
  });
});
