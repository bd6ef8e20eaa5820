import { describe, expect, it } from '@jest/globals';
import { docsUrlOf, siteOf } from '../../src/lib/docs-url.js';

describe('TOLLGATE_DOCS_URL', () => {
  it.each([
    [undefined, ''],
    ['', ''],
    ['/', ''],
    ['https://docs.example.com', 'https://docs.example.com'],
    ['http://localhost:5173/tollgate//', 'http://localhost:5173/tollgate'],
  ])('%j is the site %j', (setting, site) => {
    expect(siteOf(setting, '')).toBe(site);
  });

  it.each([
    [undefined, 'https://docs.example.com'],
    ['', ''],
    ['https://copy.example.com', 'https://copy.example.com'],
  ])('of a release with a site, %j is the site %j', (setting, site) => {
    expect(siteOf(setting, 'https://docs.example.com')).toBe(site);
  });

  it.each([
    'docs.example.com',
    'ftp://docs.example.com',
    'https://docs.example.com?a=b',
    'https://a b',
    'yes',
  ])('%j is refused', (setting) => {
    expect(() => siteOf(setting)).toThrow(`must be the address of a copy of Tollgate's site`);
    expect(() => siteOf(setting)).toThrow(JSON.stringify(setting));
  });
});

describe('the page about a code', () => {
  it('is that of the site', () => {
    expect(docsUrlOf('budget_exceeded', 'https://docs.example.com')).toBe(
      'https://docs.example.com/docs/errors/budget_exceeded',
    );
  });

  it('is none where there is no site', () => {
    expect(docsUrlOf('budget_exceeded', '')).toBeUndefined();
  });
});
