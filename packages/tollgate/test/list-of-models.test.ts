import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import express from 'express';
import OpenAI from 'openai';
import request from 'supertest';
import {
  anthropic,
  gemini,
  memoryKeys,
  openai,
  type Provider,
  type TollgateOptions,
  tollgate,
} from '../src/index.js';

const models = [
  'gpt-5',
  'gpt-5-mini',
  'gpt-imaginary',
  'claude-haiku-4-5',
  'claude-sonnet-4-6',
  'gemini-2.5-flash',
];
let provider: SimulatedProvider;
beforeAll(async () => {
  provider = await simulateProvider({ models });
});
afterAll(() => provider.close());

const plans = {
  free: { spend: '$1/day', models: ['gpt-5-mini', 'gpt-imaginary*', 'claude-haiku-*'] },
  pro: { spend: '$5/day' },
};
type Chosen = Partial<TollgateOptions> & { readonly only?: readonly Provider[] };

function appOf({ only, ...options }: Chosen = {}) {
  const keys = memoryKeys();
  const tg = tollgate({ plans, keys, ...options });
  const both = [
    openai({ apiKey: 'k', baseUrl: provider.openAiUrl }),
    anthropic({ apiKey: 'k', baseUrl: provider.url }),
  ];
  const app = express();
  app.use(tg.guards(), tg.proxy({ providers: only ?? both }), tg.errors({ others: 'answer' }));
  const keyFor = (plan: string, more = {}): string => keys.create({ tenant: plan, plan, ...more }).key;
  return { app, tg, keyFor };
}

async function idsFor(plan: string, { more, ...options }: Chosen & { readonly more?: object } = {}) {
  const { app, keyFor } = appOf(options);
  const { body } = await request(app).get('/v1/models').set('x-api-key', keyFor(plan, more)).expect(200);
  return body.data.map(({ id }: { id: string }) => id);
}

describe('the list of models', () => {
  it('has those that the plan allows and that have a price, so that each of them can be called', async () => {
    expect(await idsFor('free')).toEqual(['gpt-5-mini']);
    expect(await idsFor('pro')).toEqual(['gpt-5', 'gpt-5-mini']);
  });

  it('has what the app gave a price, and leaves out what the key itself may not use', async () => {
    const prices = { 'gpt-imaginary': { inputUsdPerMillion: '1', outputUsdPerMillion: '2' } };
    expect(await idsFor('free', { meter: { prices } })).toEqual(['gpt-5-mini', 'gpt-imaginary']);
    expect(await idsFor('pro', { more: { models: ['gpt-5'] } })).toEqual(['gpt-5']);
  });

  it('has only models that are passed on to the provider', async () => {
    const some = openai({ apiKey: 'k', baseUrl: provider.openAiUrl, models: ['gpt-5'] });
    expect(await idsFor('pro', { only: [some] })).toEqual(['gpt-5']);
  });

  it('is OpenAI’s for its SDK and Anthropic’s for its, one page without a next one', async () => {
    const { app, keyFor } = appOf();
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    const found: string[] = [];
    const apiKey = keyFor('free');
    for await (const { id } of new OpenAI({ apiKey, baseURL: `${url}/v1` }).models.list()) found.push(id);
    const page = await new Anthropic({ apiKey, baseURL: url }).models.list({ limit: 1 });
    for await (const { id } of page) found.push(id);
    server.close();
    expect(found).toEqual(['gpt-5-mini', 'claude-haiku-4-5']);
    expect(page).toMatchObject({
      has_more: false,
      first_id: 'claude-haiku-4-5',
      last_id: 'claude-haiku-4-5',
    });
    expect(provider.requests.at(-1)?.url).toBe('/v1/models?limit=1000');
  });

  it('passes an error of the provider on as it is', async () => {
    const wrong = gemini({ apiKey: 'k', baseUrl: `${provider.url}/nowhere` });
    const { app, keyFor } = appOf({ only: [wrong] });
    const { status } = await request(app).get('/v1/models').set('x-api-key', keyFor('pro'));
    expect(status).toBe(404);
  });
});
