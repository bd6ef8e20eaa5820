import { describe, expect, it, jest } from '@jest/globals';
import { forgetWarnings } from '@tollgate/core/internal';
import { simulateProvider } from '@tollgate/simulator';
import express from 'express';
import request from 'supertest';
import { memoryKeys, openai, spend, type TollgateOptions, tollgate } from '../src/index.js';

const plans = { free: { spend: '$1/day' } };
/** gpt-5-mini: about 0.0002 $ at worst. */
const body = { model: 'gpt-5-mini', max_completion_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] };

async function appWith(options: Partial<TollgateOptions>) {
  const provider = await simulateProvider({ script: { tokens: 100 } });
  const keys = memoryKeys();
  const tg = tollgate({ plans, keys, ...options });
  const app = express();
  app.use(tg.guards());
  app.post('/twice', tg.limit({ requests: '2/min' }), (_req, res) => void res.json({}));
  app.use(tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }));
  app.use(tg.errors());
  const secrets = ['acme', 'globex', 'initech'].map((tenant) => keys.create({ tenant, plan: 'free' }).key);
  const ask = (key: string | undefined, path = '/v1/chat/completions') =>
    request(app)
      .post(path)
      .set('Authorization', `Bearer ${key}`)
      .send(path === '/twice' ? {} : body);
  const end = async () => {
    await tg.close({ graceMs: 500 });
    await provider.close();
  };
  return { tg, ask, secrets, end };
}

describe('tollgate({ limits })', () => {
  it.each([
    ['a text', '$0.0005/day'],
    ['an object', { spend: '$0.0005/day' }],
    ['a builder', spend('$0.0005/day')],
  ])('written as %s hold for all callers together, and no refusal shows their total', async (_, limit) => {
    const { ask, secrets, end } = await appWith({ limits: [limit] });
    const answers = [];
    for (let round = 0; round < 2; round += 1) for (const key of secrets) answers.push(await ask(key));
    const refused = answers.filter(({ status }) => status === 402);
    expect(answers.filter(({ status }) => status === 200).length).toBe(2);
    expect(refused).toHaveLength(4);
    for (const { body: told, headers } of refused) {
      expect(told.error.message).toContain('Limit "usd-day" is shared.');
      expect(JSON.stringify([told, headers])).not.toContain('0.0005');
    }
    await end();
  });

  it('hold for each caller where they say so', async () => {
    const { ask, secrets, end } = await appWith({
      limits: [{ limit: '$0.0003/day', by: 'tenant', name: 'own' }],
    });
    for (const key of secrets) {
      expect([(await ask(key)).status, (await ask(key)).status]).toEqual([200, 402]);
    }
    await end();
  });

  it('are named with their scopes in one line at start', async () => {
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    const { end } = await appWith({
      limits: ['$100/day'],
      log,
      plans: { free: { requests: '5/min', spend: '$1/day' } },
    });
    expect(lines).toEqual([
      'tollgate: keys, rateLimit, budget, counters in memory, no ledger; limits: all plans: $100.00/day by global; plan free: 5 requests/60 s by key, $1.00/day by key',
    ]);
    await end();
  });

  it('warn where one caller could use up what all share', async () => {
    forgetWarnings();
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { end } = await appWith({ limits: ['$100/day'], plans: { free: { requests: '5/min' } } });
    expect(warn.mock.calls.map(([message]) => message).join()).toContain(
      'callers on plan free have no separate limit of money or tokens',
    );
    warn.mockRestore();
    await end();
  });
});

describe('tg.limit()', () => {
  it('takes the words of a plan, for each key', async () => {
    const nowMs = Date.UTC(2026, 0, 1, 12, 0, 10);
    const { ask, secrets, end } = await appWith({ now: () => nowMs });
    for (const key of secrets.slice(0, 2)) {
      const statuses = [];
      for (let count = 0; count < 3; count += 1) statuses.push((await ask(key, '/twice')).status);
      expect(statuses).toEqual([200, 200, 429]);
    }
    await end();
  });

  it('refuses a text whose unit is unclear', async () => {
    const { tg, end } = await appWith({});
    expect(() => tg.limit('2/min')).toThrow(
      'tollgate: limit(): the unit of "2/min" is unclear: write { requests: "2/min" } or { tokens: "2/min" }',
    );
    expect(() => tg.limit({ request: '2/min' } as never)).toThrow('unknown unit "request"');
    await end();
  });
});
