import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { catalogueProviders, isCatalogued, isPricedSomewhere } from '../../src/prices/known-prices.js';

const require = createRequire(import.meta.url);
const directory = dirname(require.resolve('@pydantic/genai-prices'));
const catalogue = readFileSync(join(directory, 'index.js'), 'utf8');

describe('the providers of the catalogue', () => {
  it('are those of the one that is installed', () => {
    const ids = [...catalogue.matchAll(/^ {4}id: "([\w-]+)",$/gm)].map(([, id]) => id);
    expect(catalogueProviders).toEqual(ids);
    expect(catalogueProviders.filter((id) => !isCatalogued(id))).toEqual([]);
  });

  it('go by other names as well, and nobody else does', () => {
    expect(isCatalogued('xai')).toBe(true);
    expect(isCatalogued('opnai')).toBe(false);
  });
});

describe('a model that somebody has a price for', () => {
  it('stands in the catalogue, under any provider, or in prices of the app’s own', () => {
    expect(isPricedSomewhere('gpt-5-mini', {})).toBe(true);
    expect(isPricedSomewhere('llama-3.3-70b-versatile', {})).toBe(true);
    expect(isPricedSomewhere('gpt-5-mni', {})).toBe(false);
    expect(isPricedSomewhere('mine', { prices: { mine: 'free' } })).toBe(true);
    expect(isPricedSomewhere('mine', { prices: { 'vllm/mine': 'free' } })).toBe(true);
    expect(isPricedSomewhere('alias', { models: { alias: 'gpt-5' } })).toBe(true);
    expect(isPricedSomewhere('constructor', { models: {} })).toBe(false);
  });
});
