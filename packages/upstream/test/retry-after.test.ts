import { describe, expect, it } from '@jest/globals';
import { retryAdvice } from '../src/exchange/retry-after.js';

const now = Date.parse('2026-01-01T00:00:00Z');

describe('what a client is told about waiting', () => {
  it.each([
    [{}, {}],
    [{ 'retry-after': '7' }, { retryAfterMs: 7_000 }],
    [{ 'retry-after': '0.5' }, { retryAfterMs: 500 }],
    [{ 'retry-after-ms': '250', 'retry-after': '7' }, { retryAfterMs: 250 }],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }, { retryAfterMs: 30_000 }],
    [{ 'retry-after': 'Thu, 01 Jan 2020 00:00:00 GMT' }, { retryAfterMs: 0 }],
    [{ 'retry-after': '61' }, { retryAfterMs: false, headers: { 'Retry-After': '61' } }],
    [{ 'retry-after': '86400' }, { retryAfterMs: false }],
    [{ 'retry-after': 'soon' }, {}],
    [{ 'retry-after': '-1' }, {}],
    [{ 'retry-after': '9'.repeat(400) }, {}],
  ])('%j becomes %j', (headers, advice) => {
    expect(retryAdvice(headers, now)).toEqual(advice);
  });
});
