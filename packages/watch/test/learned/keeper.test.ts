import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import type { LearnedStore } from '@tollgate/core/internal';
import { fileLearned, type Mitigation, watch } from '../../src/index.js';
import { attempt, dayMs, minuteMs } from '../detectors/events.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-learned-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A process that watches with a store; what it did. */
function start(learned: LearnedStore | undefined, clock: { nowMs: number }) {
  const done: Mitigation[] = [];
  const watching = watch({
    ...(learned && { learned }),
    now: () => clock.nowMs,
    onMitigation: (one) => void done.push(one),
    budgetOf: () => ({ cap: 50, used: 30, startMs: 0, endMs: 30 * dayMs }),
  });
  return { watching, done };
}

/** A day of one request every ten minutes, of a nightly job, and of a budget that burns. */
function day(watching: ReturnType<typeof watch>, clock: { nowMs: number }, number: number): void {
  for (let request = 0; request < 144; request += 1) {
    clock.nowMs = number * dayMs + request * 10 * minuteMs;
    watching.sink.write(attempt({ usd: 0.02, promptHash: `${number} ${request}` }));
    for (let step = 0; request === 12 && step < 100; step += 1) {
      clock.nowMs += 2_000;
      watching.sink.write(attempt({ usd: 0.001, promptHash: `job ${number} ${step}` }));
    }
  }
}

describe('what was learned', () => {
  it('survives a restart every day, in a file: a nightly job stays a habit, a burning budget is noticed', async () => {
    const path = join(folder, 'deep', 'learned.jsonl');
    const clock = { nowMs: 0 };
    const limited: number[] = [];
    for (let number = 0; number < 8; number += 1) {
      const { watching, done } = start(fileLearned(path), clock);
      await watching.ready();
      day(watching, clock, number);
      await watching.end();
      if (done.some(({ action }) => action.do === 'slow' || action.do === 'suspend')) limited.push(number);
    }
    expect(limited.filter((number) => number > 2)).toEqual([]);
    expect(readFileSync(path, 'utf8').split('\n').length).toBeGreaterThan(3);

    const { watching, done } = start(fileLearned(path), clock);
    await watching.ready();
    day(watching, clock, 8);
    expect(done.some(({ finding }) => finding.detector === 'burn-rate')).toBe(true);
    await watching.end();
    // Without it, the same day is that of a stranger.
    const stranger = start(undefined, clock);
    day(stranger.watching, clock, 8);
    expect(stranger.done.some(({ finding }) => finding.detector === 'burn-rate')).toBe(false);
    await stranger.watching.end();
  });

  it('is not lost to a damaged line, another version, or a crash while it is written', async () => {
    const path = join(folder, 'learned.jsonl');
    const clock = { nowMs: 0 };
    const { watching } = start(fileLearned(path), clock);
    for (let number = 0; number < 4; number += 1) day(watching, clock, number);
    await watching.end();
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, `key:x\t{"subject":\nnothing\nkey:y\t{"version":9}\n${whole}`);
    writeFileSync(`${path}.new`, 'half a li');
    const next = start(fileLearned(path), clock);
    await next.watching.ready();
    await next.watching.end();
    const kept = readFileSync(path, 'utf8').split('\n').sort();
    expect(kept).toEqual(whole.split('\n').sort());
  });

  it('is whole again after a save that failed half-way', async () => {
    const path = join(folder, 'learned.jsonl');
    const store = fileLearned(path);
    await store.save([['key:a', '{"old":1}']], false);
    rmSync(`${path}.new`);
    mkdirSync(`${path}.new`);
    await expect(store.save([['key:b', '{"old":1}']], false)).rejects.toThrow('EISDIR');
    rmSync(`${path}.new`, { recursive: true });
    writeFileSync(`${path}.new`, 'key:a\t{"half');
    await store.save([['key:a', '{"new":1}']], true);
    expect(readFileSync(path, 'utf8')).toBe('key:a\t{"new":1}\n');
  });

  it('does not count as empty where the file cannot be read', async () => {
    const path = join(folder, 'a-folder');
    mkdirSync(path);
    const loading = (async () => {
      for await (const portion of fileLearned(path).load()) expect(portion).toEqual([]);
    })();
    await expect(loading).rejects.toThrow('EISDIR');
  });

  it('is not overwritten by a process that could not read it', async () => {
    const saved: unknown[] = [];
    let isAway = true;
    const store: LearnedStore = {
      async *load() {
        if (isAway) throw new Error('away');
        yield [];
      },
      save: async (portion) => void saved.push(...portion),
    };
    const clock = { nowMs: 0 };
    const { watching } = start(store, clock);
    await watching.ready();
    day(watching, clock, 0);
    await watching.end();
    expect(saved).toEqual([]);

    isAway = false;
    const next = start(store, clock);
    day(next.watching, clock, 1);
    await next.watching.end();
    expect(saved.length).toBeGreaterThan(2);
  });

  it('forgets what was not seen for weeks', async () => {
    const path = join(folder, 'learned.jsonl');
    const clock = { nowMs: 0 };
    const first = start(fileLearned(path), clock);
    day(first.watching, clock, 0);
    await first.watching.end();
    clock.nowMs = 40 * dayMs;
    const next = start(fileLearned(path), clock);
    await next.watching.ready();
    await next.watching.end();
    expect(readFileSync(path, 'utf8').trim()).toBe('');
  });
});

describe('memory for habits', () => {
  it('is bounded in bytes; subjects that had to go within a day are counted, and warned of', async () => {
    const warnings: string[] = [];
    const unsubscribe = subscribe('tollgate:warning', ({ code }) => void warnings.push(String(code)));
    const watching = watch({ maxBytes: 1_048_576, now: () => dayMs });
    for (let key = 0; key < 100; key += 1)
      watching.sink.write(attempt({ keyId: `k${key}`, tenant: `t${key}` }));
    expect(watching.evictions).toBeGreaterThan(50);
    await new Promise((resolve) => setImmediate(resolve));
    unsubscribe();
    expect(warnings).toContain('TOLLGATE_W_WATCH_EVICTS');
    await watching.end();
    const large = watch({ now: () => dayMs });
    for (let key = 0; key < 20_000; key += 1)
      large.sink.write(attempt({ keyId: `k${key}`, tenant: `t${key % 10_000}` }));
    expect(large.evictions).toBe(0);
    await large.end();
  });
});
