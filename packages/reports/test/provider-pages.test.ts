import { describe, expect, it } from '@jest/globals';
import { providerPages } from '../src/index.js';

describe('pages of a provider', () => {
  const adminKey = 'sk-admin-secret-of-this-test';
  const period = { fromMs: Date.UTC(2026, 6, 1, 5), toMs: Date.UTC(2026, 6, 3) };

  /** Answers as the providers' APIs do, in pages. */
  function api(seen: { url: URL; headers: Headers }[]): typeof fetch {
    return async (input, init) => {
      const url = new URL(String(input));
      seen.push({ url, headers: new Headers(init?.headers) });
      const page = Number(url.searchParams.get('page') ?? '0');
      const body = { data: [{ page }], has_more: page < 2, next_page: page < 2 ? String(page + 1) : null };
      return Response.json(body);
    };
  }

  it.each([
    ['openai', 9, ['start_time', '1782864000'], ['end_time', '1783036800'], 'authorization'],
    [
      'anthropic',
      6,
      ['starting_at', '2026-07-01T00:00:00.000Z'],
      ['ending_at', '2026-07-03T00:00:00.000Z'],
      'x-api-key',
    ],
  ] as const)('are all fetched, of whole days: %s', async (provider, count, from, to, header) => {
    const seen: { url: URL; headers: Headers }[] = [];
    const pages = await providerPages({ provider, adminKey, ...period, fetch: api(seen) });
    expect(pages).toHaveLength(count);
    expect(new Set(seen.map(({ url }) => url.pathname)).size).toBe(count / 3);
    for (const { url, headers } of seen) {
      expect([url.searchParams.get(from[0]), url.searchParams.get(to[0])]).toEqual([from[1], to[1]]);
      expect(headers.get(header)).toContain(adminKey);
    }
  });

  it('say which API did not answer, and how, without the key', async () => {
    const ask = (answer: typeof fetch) =>
      providerPages({ provider: 'openai', adminKey, ...period, fetch: answer, deadlineMs: 100 });
    const never: typeof fetch = (_input, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    for (const [answer, message] of [
      [async () => new Response('no', { status: 401 }), 'answered 401: it takes an admin key'],
      [async () => new Response('no', { status: 500 }), 'answered 500'],
      [async () => new Response('<html>'), 'answered no JSON object'],
      [() => Promise.reject(new TypeError(`fetch failed ${adminKey}`)), 'could not be reached'],
      [never, 'did not answer within 100 ms'],
    ] as const) {
      const error: unknown = await ask(answer).catch((caught: unknown) => caught);
      expect(String(error)).toContain('/v1/organization/usage/completions ');
      expect(String(error)).toContain(message);
      expect(String(error)).not.toContain(adminKey);
    }
    await expect(
      providerPages({ provider: 'openai', adminKey: 5 as unknown as string, ...period }),
    ).rejects.toThrow('"adminKey"');
  });
});
