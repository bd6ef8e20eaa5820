import { describe, expect, it } from '@jest/globals';
import { prefersAsync } from '../src/prefer.js';

describe('Prefer: respond-async', () => {
  it.each([
    'respond-async',
    'Respond-Async',
    'respond-async, wait=10',
    'return=minimal; foo="a, b" , respond-async;x=1',
    ['wait=10', 'respond-async'],
  ])('is said by %j', (header) => expect(prefersAsync(header)).toBe(true));

  it.each([
    undefined,
    '',
    'wait=10',
    'respond-asynchronously',
    'x="respond-async"',
    'a="\\", respond-async',
    'a=respond-async',
  ])('is not said by %j', (header) => expect(prefersAsync(header)).toBe(false));
});
