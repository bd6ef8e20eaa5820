import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { forgetWarnings } from '@tollgate/core/internal';
import { meter, type PriceDeclaration } from '../../src/index.js';

const warned: string[] = [];
let stop: () => void;
beforeEach(() => {
  forgetWarnings();
  warned.length = 0;
  stop = subscribe('tollgate:warning', ({ code, message }) => {
    if (code === 'TOLLGATE_W_CACHED_PRICE') warned.push(message);
  });
});
afterEach(() => stop());

const price = { inputUsdPerMillion: '0.25', outputUsdPerMillion: '2' };

describe('a declared price without one for cached input', () => {
  it('is warned of by name, once', () => {
    meter({ prices: { mine: price, 'openai/ours': price } });
    meter({ prices: { mine: price } });
    expect(warned).toEqual([
      expect.stringMatching(
        /^meter\(\): the declared price of mine, openai\/ours has no "cachedInputUsdPerMillion"/,
      ),
    ]);
  });

  it('names five of many', () => {
    const prices = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`model-${index}`, price]));
    meter({ prices });
    expect(warned[0]).toContain('model-0, model-1, model-2, model-3, model-4 and 3 more');
  });

  const silent: readonly (readonly [string, PriceDeclaration | 'free'])[] = [
    ['declares it', { ...price, cachedInputUsdPerMillion: '0.025' }],
    ['declares no discount', { ...price, cachedInputUsdPerMillion: '0.25' }],
    ['has no output, as embeddings', { ...price, outputUsdPerMillion: '0.00' }],
    ['has a price per call only', { inputUsdPerMillion: '0', outputUsdPerMillion: '0', usdPerCall: '0.01' }],
    ['is free', 'free'],
  ];
  it.each(silent)('is nothing to warn of where the model %s', (_, declared) => {
    meter({ prices: { mine: declared } });
    expect(warned).toEqual([]);
  });
});
