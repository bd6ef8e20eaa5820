import { describe, expect, it } from '@jest/globals';
import { providerHostOf } from '../../src/requests/provider-host.js';
import { decideRoute } from '../../src/requests/provider-route.js';
import { providerRoutes } from './provider-routes.js';

describe.each(providerRoutes)('a route of %s', (host, routes) => {
  it.each([...routes])('%s %s is %s', (method, path, fate) => {
    const decision = decideRoute(host + path, method);
    expect(decision.kind).toBe(fate);
    if (decision.kind === 'refused') expect(decision.route).not.toBe('');
  });

  it('that nobody knows yet is refused by its path', () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'post']) {
      expect(decideRoute(`${host}/v9/brand/new`, method)).toMatchObject({
        kind: 'refused',
        route: 'v9/brand/new',
      });
    }
  });
});

describe('the host of a call', () => {
  it.each([
    'https://API.OpenAI.com/v1/images/generations',
    'https://api.openai.com./v1/images/generations',
    'https://api.openai.com:443/v1/images/generations',
    'https://user:pass@api.openai.com/v1/images/generations',
    'https://eu.api.openai.com/v1/images/generations',
    'https://api.openai.com/v1//images/generations',
    'https://api.openai.com/v1/%69mages/generations',
  ])('is recognised in %s', (url) => expect(decideRoute(url, 'POST').kind).toBe('refused'));

  it.each([
    'https://api.openai.com.example.net/v1/anything',
    'https://notapi.openai.com.example/v1/anything',
    'https://storage.googleapis.com/upload/storage/v1/b/bucket/o',
    'https://oauth2.googleapis.com/token',
    'https://s3.eu-central-1.amazonaws.com/bucket/key',
    'https://example.com/api/orders',
    '/relative',
  ])('is nobody’s in %s', (url) => expect(decideRoute(url, 'POST').kind).toBe('unknown'));

  it('is the one that the app names', () => {
    const baseUrls = { 'https://llm.example.com/team': 'cohere' };
    expect(decideRoute('https://llm.example.com/team/v2/rerank', 'POST', baseUrls)).toMatchObject({
      kind: 'refused',
      route: 'team/rerank',
      host: { provider: 'cohere', errors: 'plain' },
    });
    expect(decideRoute('https://llm.example.com/teams/v2/rerank', 'POST', baseUrls).kind).toBe('unknown');
    expect(decideRoute('https://llm.example.com/team/v1/chat/completions', 'POST', baseUrls).kind).toBe(
      'metered',
    );
  });

  it('of a provider of the price catalogue is known too', () => {
    expect(providerHostOf('https://api.novita.ai/v3/anything')?.provider).toBe('novita');
  });
});
