import { describe, expect, it } from '@jest/globals';
import { loadTest } from '../src/load-test.js';

describe('ten requests a minute', () => {
  it('are never exceeded in any minute by sliding windows, and by fixed ones around their ends', async () => {
    const results = await loadTest();
    const of = (window: string, pattern: string) =>
      results.find((one) => one.window === window && one.pattern === pattern);
    for (const one of results.filter(({ window }) => window === 'sliding')) {
      expect([one.pattern, one.mostInAMinute]).toEqual([one.pattern, 10]);
    }
    expect(of('fixed', 'around the end of a window')).toMatchObject({ admitted: 20, mostInAMinute: 19 });
    expect(of('fixed', 'thirty at once')).toMatchObject({ admitted: 10 });
    expect(of('sliding', 'around the end of a window')).toMatchObject({ admitted: 11 });
  });
});
