import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { ApiKeyRecord } from '@tollgate/core/internal';
import { LookUps } from '../src/keys/look-ups.js';

const record = (keyId: string): ApiKeyRecord => ({
  keyId,
  secrets: [],
  tenant: 'acme',
  plan: 'pro',
  scopes: [],
});

describe('looking keys up', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is one query at a time, and one for all that wait meanwhile, each key once', async () => {
    const asked: string[][] = [];
    const answers: (() => void)[] = [];
    const lookUps = new LookUps(async (keyIds) => {
      asked.push([...keyIds]);
      await new Promise<void>((resolve) => answers.push(resolve));
      return keyIds.filter((keyId) => !keyId.startsWith('made-up')).map(record);
    });
    const first = lookUps.find('a');
    const rest = ['b', 'made-up', 'c', 'b'].map((keyId) => lookUps.find(keyId));
    expect(asked).toEqual([['a']]);
    answers.shift()?.();
    expect((await first)?.keyId).toBe('a');
    expect(asked).toEqual([['a'], ['b', 'made-up', 'c']]);
    answers.shift()?.();
    expect((await Promise.all(rest)).map((found) => found?.keyId)).toEqual(['b', undefined, 'c', 'b']);
  });

  it('of a thousand keys that are made up is three queries', async () => {
    const asked: number[] = [];
    const lookUps = new LookUps(async (keyIds) => {
      asked.push(keyIds.length);
      return [];
    });
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => lookUps.find(`made-up-${index}`)));
    expect(asked).toEqual([1, 500, 499]);
  });

  it('that hangs keeps the others waiting for five seconds at most', async () => {
    jest.useFakeTimers();
    let hangs = true;
    const lookUps = new LookUps(async (keyIds) => {
      if (hangs) await new Promise(() => undefined);
      return keyIds.map(record);
    });
    const first = lookUps.find('a').catch(String);
    const next = lookUps.find('b');
    hangs = false;
    await jest.advanceTimersByTimeAsync(5_010);
    expect(await first).toContain('did not answer within 5000 ms');
    expect((await next)?.keyId).toBe('b');
  });

  it('rejects the keys of a failed query, and continues with the next query', async () => {
    let away = true;
    const lookUps = new LookUps(async (keyIds) => {
      if (away) throw new Error('away');
      return keyIds.map(record);
    });
    await expect(lookUps.find('a')).rejects.toThrow('away');
    away = false;
    expect((await lookUps.find('b'))?.keyId).toBe('b');
  });
});
