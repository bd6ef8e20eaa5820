import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { noUsage } from '@tollgate/core/internal';
import { catalogueVersion } from '../../src/prices/catalogue-version.js';
import { acceptsPrices } from '../../src/prices/declared-price.js';
import { costOf } from '../../src/prices/price.js';
import { priceCatalogue } from '../../src/prices/price-catalogue.js';

const usage = { ...noUsage, inputTokens: 1_000_000, outputTokens: 1_000_000 };

/** Nano-dollars of 1 000 tokens of output. */
const outputOf = (model: string): number => (model === 'grok-4-0709' ? 15_000_000 : 500_000);

describe('priceCatalogue', () => {
  it('names the catalogue that is installed as its version', () => {
    const require = createRequire(import.meta.url);
    const { version } = require('../../node_modules/@pydantic/genai-prices/package.json') as {
      version: string;
    };
    expect(catalogueVersion).toBe(`genai-prices-${version}`);
    expect(priceCatalogue().version).toBe(catalogueVersion);
  });

  it('knows no price of an unknown model or provider', () => {
    expect(priceCatalogue().find('openai', 'gpt-unheard-of')).toBeUndefined();
    expect(priceCatalogue().find('nobody', 'gpt-5')).toBeUndefined();
  });

  it('remembers a match, and forgets it with the minute, since some prices depend on the time of day', () => {
    const book = priceCatalogue();
    const peak = book.find('deepseek', 'deepseek-v4-flash', Date.UTC(2026, 10, 2, 3, 59, 50));
    expect(book.find('deepseek', 'deepseek-v4-flash', Date.UTC(2026, 10, 2, 3, 59, 59))).toBe(peak);
    const after = book.find('deepseek', 'deepseek-v4-flash', Date.UTC(2026, 10, 2, 4, 0, 1));
    expect(peak && costOf(peak, usage)).toBe(1_760_000_000);
    expect(after && costOf(after, usage)).toBe(880_000_000);
  });

  it('prices what the catalogue has wrong as its provider published it, at every hour of the day', () => {
    const book = priceCatalogue();
    for (let hour = 0; hour < 24; hour += 1) {
      for (const model of ['deepseek-chat', 'deepseek-reasoner']) {
        const price = book.find('deepseek', model, Date.UTC(2026, 10, 1, hour, 45));
        expect(price).toMatchObject({ declared: false, version: book.version });
        expect(price && costOf(price, usage)).toBe(700_000_000);
        expect(price && costOf(price, { ...usage, cachedInputTokens: usage.inputTokens })).toBe(448_000_000);
      }
    }
  });

  it.each([
    ['groq', 'openai/gpt-oss-safeguard-20b', 0.375],
    ['mistral', 'mistral-large-latest', 2],
    ['mistral', 'mistral-small-latest', 0.75],
    ['azure', 'phi-4', 0.625],
    ['azure', 'deepseek-v3.2', 2.26],
    ['azure', 'deepseek-r1', 6.75],
    ['azure', 'gpt-oss-120b', 0.75],
    ['azure', 'grok-3-mini', 1.57],
  ])('prices a million tokens in and out of %s %s at %d dollars', (provider, model, usd) => {
    const price = priceCatalogue().find(provider, model);
    expect(price && costOf(price, usage) / 1e9).toBeCloseTo(usd, 9);
  });

  it('has no price for a model at Azure of which it only knows that of another host', () => {
    expect(priceCatalogue().find('azure', 'deepseek-v4-pro')).toBeUndefined();
    expect(priceCatalogue().find('azure', 'gpt-5-mini')).toBeDefined();
  });

  it.each(['grok-4-0709', 'grok-4-fast', 'grok-4-1-fast', 'grok-4-fast-non-reasoning'])(
    'doubles the price of a call of %s with more than 128 000 tokens of input',
    (model) => {
      const price = priceCatalogue().find('x-ai', model);
      const at = (inputTokens: number) =>
        price ? costOf(price, { ...noUsage, inputTokens, outputTokens: 1_000 }) : 0;
      expect(at(128_000)).toBeGreaterThan(0);
      expect(at(256_000)).toBe(4 * at(128_000) - 2 * outputOf(model));
    },
  );

  it("takes the app's own price before the catalogue's, and says so in its version", () => {
    const book = priceCatalogue({
      prices: { 'gpt-5': { inputUsdPerMillion: '1', outputUsdPerMillion: '2' } },
    });
    const price = book.find('openai', 'gpt-5');
    expect(price && costOf(price, usage)).toBe(3_000_000_000);
    expect(book.version).toMatch(/^genai-prices-[\d.]+\+[0-9a-f]{8}$/);
    expect(price?.version).toBe(book.version);
    expect(priceCatalogue({ prices: { 'gpt-5': 'free' } }).version).not.toBe(book.version);
  });

  it('takes a price by provider and model before one by model alone', () => {
    const book = priceCatalogue({
      prices: { tiny: { inputUsdPerMillion: '1', outputUsdPerMillion: '1' }, 'local/tiny': 'free' },
    });
    expect(book.find('local', 'tiny')?.free).toBe(true);
    expect(book.find('openai', 'tiny')?.free).toBe(false);
  });

  it('charges nothing for a model that is declared free', () => {
    const price = priceCatalogue({ prices: { tiny: 'free' } }).find('openai', 'tiny');
    expect(price && costOf(price, usage)).toBe(0);
  });

  it('prices an unknown tier of a response as the dearest one, never too low', () => {
    const price = priceCatalogue().find('openai', 'gpt-5');
    expect(price && costOf(price, { ...usage, tier: 'turbo' })).toBe(33_750_000_000);
    expect(price && costOf(price, { ...usage, tier: 'default' })).toBe(11_250_000_000);
  });

  it('rounds up once, not once a class', () => {
    const book = priceCatalogue({
      prices: { tiny: { inputUsdPerMillion: '0.0001', outputUsdPerMillion: '0.0001' } },
    });
    const price = book.find('openai', 'tiny');
    expect(price && costOf(price, { ...noUsage, inputTokens: 1, outputTokens: 1 })).toBe(1);
    expect(price && costOf(price, { ...noUsage, inputTokens: 5, outputTokens: 5 })).toBe(1);
    expect(price && costOf(price, { ...noUsage, inputTokens: 5, outputTokens: 6 })).toBe(2);
  });

  it('never lowers a price because the parts of a usage exceed its total', () => {
    const price = priceCatalogue().find('anthropic', 'claude-haiku-4-5');
    const odd = { ...noUsage, inputTokens: 100, cachedInputTokens: 900, cacheWriteTokens: 50 };
    expect(price && costOf(price, odd)).toBe(50 * 1_250 + 50 * 100);
  });
});

describe('the option prices', () => {
  it.each([
    [[], /an object of prices/],
    [{ a: 5 }, /the price of "a" is 5/],
    [{ a: {} }, /the price of "a" lacks inputUsdPerMillion/],
    [{ a: { inputUsdPerMillion: 0.25 } }, /has inputUsdPerMillion 0.25/],
    [{ a: { inputUsdPerMillion: '-1' } }, /has inputUsdPerMillion "-1"/],
    [{ a: { inputUsdPerMillion: '1e3' } }, /has inputUsdPerMillion "1e3"/],
    [{ a: { inputUsdPerMillion: '1', outputPrice: '2' } }, /has an unknown field "outputPrice"/],
    [{ a: { inputUsdPerMillion: '1', tiers: { priority: 2 } } }, /has tiers/],
    [{ a: { inputUsdPerMillion: '1', contextWindow: 0 } }, /has contextWindow 0/],
  ])('refuses %j', (value, message) => {
    expect(acceptsPrices(value)).toMatch(message);
  });

  it('accepts decimal dollars and free models', () => {
    const b = { inputUsdPerMillion: '0.25', outputUsdPerMillion: '2', tiers: { priority: '2' } };
    expect(acceptsPrices({ a: 'free', b })).toBe(true);
  });

  it('refuses a price without output, which would make output free', () => {
    expect(acceptsPrices({ a: { inputUsdPerMillion: '0.25' } })).toContain('lacks outputUsdPerMillion');
  });
});
