import { afterEach, describe, expect, it } from '@jest/globals';
import { simulateProvider } from '@tollgate/simulator';
import { type Receiver, startReceiver } from '@tollgate/testkit';
import { type Caller, memoryKeys, type Tollgate, tollgate, webhook } from '../src/index.js';

const caller: Caller = { id: 'job', tenant: 'acme', plan: 'free', scopes: [], labels: {} };
const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;

describe('tollgate({ alerts })', () => {
  let receiver: Receiver | undefined;
  let tg: Tollgate | undefined;
  afterEach(async () => {
    await tg?.close();
    await receiver?.close();
    tg = receiver = undefined;
  });

  it('tells when a budget is half gone, and what the app raises, until it is closed', async () => {
    const taking = await startReceiver();
    receiver = taking;
    tg = tollgate({
      plans: { free: { requests: '10/min', spend: '$1/month' } },
      keys: memoryKeys(),
      alerts: { to: [webhook({ url: taking.url, secret })], pollMs: 20 },
    });
    await tg.runWith(caller, (context) =>
      context.record({ provider: 'openai', model: 'gpt-5-mini', usage: { outputTokens: 300_000 } }),
    );
    tg.alerts?.raise({ key: 'mine', kind: 'custom', severity: 'warning', title: 'mine' });
    await taking.untilTaken(2);
    const titles = taking.taken.map(({ text }) => JSON.parse(text).data.title);
    expect(titles).toContain('mine');
    expect(titles.join()).toMatch(
      /50 % used of the spend limit per month of tenant acme, key job \([\d-]+\)|50 % used of the spend limit per month of tenant acme/,
    );
    await tg.close();
    tg.alerts?.raise({ key: 'late', kind: 'custom', severity: 'warning', title: 'late' });
    expect(taking.taken).toHaveLength(2);
  });

  it.each([
    ['money', { spend: '$0.0005/day' as const }, 'the spend limit per day'],
    ['tokens', { tokens: '250/day' as const }, 'the tokens limit per day'],
  ])(
    'tells once when customers are refused because no further request fits into a limit of %s',
    async (_, plan, what) => {
      const [taking, provider] = await Promise.all([startReceiver(), simulateProvider()]);
      receiver = taking;
      const app = tollgate({
        plans: { free: plan },
        keys: memoryKeys(),
        alerts: { to: [webhook({ url: taking.url, secret })], pollMs: 20 },
      });
      tg = app;
      const refusals: unknown[] = [];
      for (let asked = 0; asked < 12; asked += 1) {
        await app
          .runWith(caller, async (context) => {
            const body = JSON.stringify({
              model: 'gpt-5-mini',
              max_completion_tokens: 50,
              messages: [{ role: 'user', content: 'Hi' }],
            });
            const url = `${provider.openAiUrl}/chat/completions`;
            const answer = await context.fetch(url, { method: 'POST', body });
            if (answer.status === 402 || answer.status === 429) refusals.push(await answer.json());
          })
          .catch(() => undefined);
      }
      await provider.close();
      expect(refusals.length).toBeGreaterThan(3);
      const titlesOf = (): string[] => taking.taken.map(({ text }) => JSON.parse(text).data.title);
      await taking.untilTaken(1);
      while (!titlesOf().some((title) => title.startsWith('Requests are refused')))
        await taking.untilTaken(taking.taken.length + 1);
      const told = titlesOf().filter((title) => title.startsWith('Requests are refused'));
      expect(told).toEqual([expect.stringContaining(`no further one fits into ${what} of tenant acme`)]);
    },
  );

  it('throws at start for a wrong option', () => {
    const options = { plans: { free: {} }, keys: memoryKeys() };
    expect(() => tollgate({ ...options, alerts: { to: [] } })).toThrow(
      'alerts: "to" must be 1 to 20 destinations',
    );
  });
});
