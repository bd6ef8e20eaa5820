import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { subscribe, type UsageEvent } from '@tollgate/core';
import { AppendFile, forgetWarnings, noUsage, usageEventOf } from '@tollgate/core/internal';
import { spendByScope } from '@tollgate/testkit/databases';
import { callbackSink, jsonLines } from '../src/index.js';
import { runWith } from '../src/run-with.js';
import { caller } from './metered-app.js';

let folder: string;
const warnings: unknown[] = [];
let unsubscribe: () => void;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-sinks-'));
  forgetWarnings();
  warnings.length = 0;
  unsubscribe = subscribe('tollgate:warning', ({ code }) => void warnings.push(code));
});
afterEach(async () => {
  unsubscribe();
  await rm(folder, { recursive: true, force: true });
});

/** A usage event with this id. */
const eventOf = async (eventId: string): Promise<UsageEvent> =>
  runWith(caller, async (context) => {
    const outgoing = {
      method: 'POST',
      url: '/v1/embeddings',
      headers: {},
      body: { model: 'text-embedding-3-small', input: 'x' },
    };
    const handle = await context.calls.begin(outgoing);
    const settlement = { usage: noUsage, costNanoUsd: 1, priceVersion: 'p', uncertain: false };
    await handle.end({ outcome: 'ok', status: 200, sent: false, last: true });
    const facts = { settlement, end: { outcome: 'ok', status: 200 }, charges: [], nowMs: 0 } as const;
    return { ...usageEventOf(context, handle.call, facts), eventId };
  });

const linesOf = async (path: string): Promise<string[]> =>
  (await readFile(path, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).eventId);

describe('jsonLines()', () => {
  it('tells what was spent: nothing where there is no file, and each event once, whatever line was cut off', async () => {
    const path = join(folder, 'spent.jsonl');
    const sink = jsonLines(path);
    expect(await sink.openWindows()).toEqual([]);
    const event = await eventOf('e');
    const charge = (counter: string, amount: number) => ({ counter, window: '2026-11', amount });
    await sink.write({ ...event, eventId: 'one', charges: [charge('a', 5), charge('b', 7)] });
    await sink.write({ ...event, eventId: 'two', charges: [charge('a', 10)] });
    await sink.write({ ...event, eventId: 'one', charges: [charge('a', 5), charge('b', 7)] });
    await sink.write({ ...event, eventId: 'less', kind: 'adjustment', charges: [charge('a', -3)] });
    expect(await sink.openWindows()).toEqual([charge('a', 12), charge('b', 7)]);
    await sink.close();
    await writeFile(path, '{"eventId":"torn","charges":[{"cou', { flag: 'a' });
    const windows = ['b', 'none', 'a'].map((counter) => ({ counter, window: '2026-11' }));
    expect(await jsonLines(path).spentIn(windows)).toEqual([7, 0, 12]);
  });

  it('tells what scopes have spent, and when a limit was first charged', async () => {
    const path = join(folder, 'scopes.jsonl');
    const sink = jsonLines(path);
    expect(await sink.definedAt(['usd/day/tenant'])).toEqual([0]);
    const { told, right } = await spendByScope(sink);
    expect(told).toEqual(right);
    const [known, unknown = 0] = await sink.definedAt(['usd/day/tenant', 'usd/day/team']);
    expect(known).toBe(Date.UTC(2026, 9, 15, 1));
    expect(unknown).toBeGreaterThan(Date.UTC(2026, 10, 1));
    await sink.close();
  });

  it('has in the file, once flush() resolves, what came at any moment after a batch', async () => {
    const path = join(folder, 'moments.jsonl');
    const sink = jsonLines(path);
    const event = await eventOf('e');
    const { append } = AppendFile.prototype;
    const flushes: Promise<void>[] = [];
    for (let moments = 0; moments < 12; moments += 1) {
      const spy = jest.spyOn(AppendFile.prototype, 'append').mockImplementationOnce(function (
        this: AppendFile,
        text,
      ) {
        const appended = append.call(this, text);
        const flushed = appended.then(async () => {
          for (let moment = 0; moment < moments; moment += 1) await undefined;
          await sink.write({ ...event, eventId: `after ${moments}` });
          await sink.flush();
          expect(await linesOf(path)).toContain(`after ${moments}`);
        });
        flushes.push(flushed);
        return appended;
      });
      await sink.write({ ...event, eventId: `before ${moments}` });
      await sink.flush();
      spy.mockRestore();
      // Before the next write: a reader may find a part of a line that is being written.
      await Promise.all(flushes);
    }
    expect(flushes).toHaveLength(12);
    expect(await linesOf(path)).toHaveLength(24);
    await sink.close();
  });

  it('appends one event a line, in order, to a file in a folder that it makes', async () => {
    const path = join(folder, 'a/b/usage.jsonl');
    const sink = jsonLines(path);
    const event = await eventOf('e');
    const ids = Array.from({ length: 500 }, (_, index) => `e${index}`);
    for (const eventId of ids) await sink.write({ ...event, eventId });
    await sink.flush();
    expect(await linesOf(path)).toEqual(ids);
    expect(JSON.parse((await readFile(path, 'utf8')).split('\n')[0] ?? '')).toMatchObject({
      tenant: 'acme',
      costNanoUsd: '1',
    });
    await sink.write({ ...event, eventId: 'later' });
    await sink.close();
    expect(await linesOf(path)).toEqual([...ids, 'later']);
    const again = jsonLines(path);
    await again.write({ ...event, eventId: 'restarted' });
    await again.close();
    expect((await linesOf(path)).at(-1)).toBe('restarted');
  });

  it('keeps events while the file cannot be written, warns once, and writes them when it can', async () => {
    const blocked = join(folder, 'blocked');
    await writeFile(blocked, 'a file where a folder should be');
    const path = join(blocked, 'usage.jsonl');
    const sink = jsonLines(path, { retryMs: 60_000, sync: false });
    const event = await eventOf('e');
    await sink.write({ ...event, eventId: 'one' });
    await expect(sink.flush()).rejects.toThrow('1 events wait');
    await sink.write({ ...event, eventId: 'two' });
    expect(warnings).toEqual(['TOLLGATE_W_SINK_FAILED']);
    await rm(blocked);
    await sink.flush();
    expect(await linesOf(path)).toEqual(['one', 'two']);
    expect(sink.droppedCount).toBe(0);
    await sink.close();
  });

  it('drops what comes beyond its bound, and what comes after it was closed, and counts it', async () => {
    const blocked = join(folder, 'blocked');
    await writeFile(blocked, '');
    const sink = jsonLines(join(blocked, 'usage.jsonl'), { maxQueued: 2, retryMs: 60_000 });
    const event = await eventOf('e');
    await sink.write(event);
    await expect(sink.flush()).rejects.toThrow();
    for (let count = 0; count < 4; count += 1) await sink.write(event);
    expect(sink.droppedCount).toBe(3);
    await expect(sink.close()).rejects.toThrow('2 events wait');
    await sink.write(event);
    expect(sink.droppedCount).toBe(4);
    await chmod(blocked, 0o600);
  });

  it.each([
    [[''], 'jsonLines: a path is required, received ""'],
    [['x', { maxQueued: 0 }], 'jsonLines: "maxQueued" must be a positive integer, received 0'],
    [['x', { fsync: true }], 'jsonLines: unknown option "fsync"'],
  ])('throws at start for %j', (given, message) => {
    expect(() => Reflect.apply(jsonLines, undefined, given)).toThrow(message);
  });
});

describe('callbackSink()', () => {
  it('calls its function with each event, and flushes what it is still doing', async () => {
    const done: string[] = [];
    const sink = callbackSink(async (event) => {
      await new Promise(setImmediate);
      done.push(event.eventId);
    });
    const event = await eventOf('e');
    void sink.write(event);
    void sink.write({ ...event, eventId: 'f' });
    expect(done).toEqual([]);
    await sink.flush?.();
    expect(done).toEqual(['e', 'f']);
  });

  it('throws at start without a function', () => {
    expect(() => Reflect.apply(callbackSink, undefined, [undefined])).toThrow(
      'callbackSink: a function is required',
    );
  });
});
