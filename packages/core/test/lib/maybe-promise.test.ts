import { describe, expect, it } from '@jest/globals';
import { asPromise, isPromise, whenReady } from '../../src/lib/maybe-promise.js';

describe('what is known or promised', () => {
  it('tells one from the other by the method', () => {
    expect(isPromise(Promise.resolve(5))).toBe(true);

    for (const value of [5, null, undefined, {}]) expect(isPromise<unknown>(value)).toBe(false);
  });

  it('is gone on with at once; a promise when it comes', async () => {
    const seen: number[] = [];
    const note = (value: number): void => {
      seen.push(value);
    };
    whenReady(1, note);
    whenReady(2, note);
    const later = whenReady(Promise.resolve(4), note);
    note(3);
    await later;
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('hands on rejections, and not what is thrown by what comes after', async () => {
    const failed = (error: unknown): string => `failed: ${String(error)}`;
    expect(await whenReady(Promise.reject(new Error('no')), () => 'fine', failed)).toBe('failed: Error: no');
    const throwing = (): string => {
      throw new Error('behind');
    };
    expect(() => whenReady(1, throwing, failed)).toThrow('behind');
    await expect(whenReady(Promise.resolve(1), throwing, failed)).rejects.toThrow('behind');
  });

  it('makes a promise of what is none', async () => {
    const promise = Promise.resolve(7);
    expect(asPromise(promise)).toBe(promise);
    expect(await asPromise(7)).toBe(7);
  });
});
