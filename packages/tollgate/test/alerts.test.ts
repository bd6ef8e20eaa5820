import { afterEach, describe, expect, it } from '@jest/globals';
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
    expect(titles.join()).toMatch(/50 % of \$1\.00 used: usd\/month\/tenant=acme/);
    await tg.close();
    tg.alerts?.raise({ key: 'late', kind: 'custom', severity: 'warning', title: 'late' });
    expect(taking.taken).toHaveLength(2);
  });

  it('throws at start for a wrong option', () => {
    const options = { plans: { free: {} }, keys: memoryKeys() };
    expect(() => tollgate({ ...options, alerts: { to: [] } })).toThrow(
      'alerts: "to" must be 1 to 20 destinations',
    );
  });
});
