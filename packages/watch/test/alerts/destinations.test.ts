import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Receiver, startReceiver } from '@tollgate/testkit';
import {
  type AlertDestination,
  type AlertNotice,
  alerts,
  callback,
  email,
  pagerDuty,
  slack,
} from '../../src/index.js';

// A slow machine must not make a delivery late: it would be made again.
const quick = { pollMs: 10, retryMs: 5, longestRetryMs: 20, deadlineMs: 2_000 };
const report = {
  key: 'runaway/<acme>',
  kind: 'anomaly',
  severity: 'error',
  title: 'acme <!channel> spends & spends',
  facts: { expected: 3, tenant: '<@U1>' },
} as const;

describe('the other destinations', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  /** An incident that opens, gets worse, is looked after and ends; resolves when so much of it was taken. */
  async function story(to: AlertDestination, notices = 4): Promise<unknown[]> {
    const told = alerts({ to: [to], ...quick });
    told.raise(report);
    told.raise({ ...report, severity: 'critical' });
    told.acknowledge(report.key, 'ann');
    told.resolve(report.key, 'over');
    await receiver.untilTaken(notices);
    await told.close();
    return receiver.taken.map(({ text }) => JSON.parse(text));
  }

  it('trigger, acknowledge and resolve one alert at PagerDuty', async () => {
    const routingKey = '0123456789abcdef0123456789abcdef';
    const events = await story(pagerDuty({ routingKey, url: receiver.url, source: 'shop' }));
    expect(events).toMatchObject([
      { event_action: 'trigger', payload: { severity: 'error', source: 'shop', component: 'anomaly' } },
      { event_action: 'trigger', payload: { severity: 'critical', custom_details: { expected: 3 } } },
      { event_action: 'acknowledge' },
      { event_action: 'resolve' },
    ]);
    for (const event of events) {
      expect(event).toMatchObject({ routing_key: routingKey, dedup_key: 'tollgate:runaway/<acme>' });
    }
  });

  it('write to Slack what calls nobody and makes no link', async () => {
    const messages = await story(slack({ url: receiver.url }));
    expect(messages).toHaveLength(4);
    expect(JSON.stringify(messages)).toContain('acme &lt;!channel&gt; spends &amp; spends');
    expect(JSON.stringify(messages)).toContain('&lt;@U1&gt;');
    expect(JSON.stringify(messages)).not.toMatch(/<[!@]/);
    expect(messages[3]).toMatchObject({ text: expect.stringContaining('resolved: acme') });
  });

  it('send e-mail by the app’s own transport, with the history', async () => {
    const mails: { subject: string; text: string; to: string | string[] }[] = [];
    let tries = 0;
    const transport = {
      async sendMail(mail: { subject: string; text: string; to: string | string[] }) {
        tries += 1;
        if (tries === 1) throw new Error('greylisted');
        mails.push(mail);
      },
    };
    const told = alerts({ to: [email({ transport, to: ['ops@example.com'] })], ...quick });
    told.raise(report);
    told.resolve(report.key, 'over');
    while (mails.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await told.close();
    expect(mails[0]).toMatchObject({ to: ['ops@example.com'], subject: `[error] ${report.title}` });
    expect(mails[1]?.subject).toBe(`[resolved] ${report.title}`);
    expect(mails[1]?.text).toMatch(/opened \[error\].*\n.*resolved \[error\]/);
  });

  it('call a function again that throws or takes too long, and tell it only what is bad enough', async () => {
    const notices: AlertNotice[] = [];
    let calls = 0;
    const tell = (notice: AlertNotice): void | Promise<void> => {
      calls += 1;
      if (calls === 1) throw new Error('no');
      if (calls === 2) return new Promise(() => undefined);
      notices.push(notice);
    };
    const told = alerts({ to: [callback(tell, { atLeast: 'error' })], ...quick });
    told.raise({ ...report, key: 'small', severity: 'warning' });
    told.raise(report);
    while (notices.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await told.close();
    expect(notices).toMatchObject([{ event: 'opened', incident: { key: report.key } }]);
    expect(calls).toBe(3);
  });

  it('throw at start for what cannot work', () => {
    expect(() => pagerDuty({ routingKey: 'secret-key' })).toThrow(
      'an integration key of 32 letters and digits',
    );
    expect(() => pagerDuty({ routingKey: 'secret-key' })).not.toThrow('secret-key');
    expect(() => slack({ url: 'file:///etc/passwd' })).toThrow('"url" must be an https: URL');
    expect(() => email({ transport: {} as never, to: 'a@b.c' })).toThrow('sendMail()');
    expect(() => email({ transport: { sendMail: async () => 1 }, to: 'a@b.c\nBcc: x@y.z' })).toThrow(
      'an address',
    );
    expect(() => callback(3 as never)).toThrow('must be a function');
    expect(() => callback(() => undefined, { atLeast: 'bad' as never })).toThrow('"atLeast" must be one of');
  });
});
