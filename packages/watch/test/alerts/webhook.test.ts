import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { type Received, type Receiver, startReceiver } from '@tollgate/testkit';
import { Webhook } from 'standardwebhooks';
import { type Alerts, alerts, webhook } from '../../src/index.js';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const quick = { pollMs: 10, retryMs: 5, longestRetryMs: 50, deadlineMs: 5_000 };
const report = { key: 'runaway/acme', kind: 'anomaly', severity: 'warning', title: 'acme spends' } as const;
const headersOf = ({ headers }: Received) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

/** Channels are the process's: stores of other tests may speak on them too. */
const faultsInto = (faults: unknown[]): (() => void) =>
  subscribe('tollgate:fault', (facts) => {
    if (facts.source === 'alerts') faults.push(facts);
  });

describe('webhook()', () => {
  let receiver: Receiver;
  let running: Alerts | undefined;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await running?.close();
    await receiver.close();
  });
  const start = (more = {}): Alerts => {
    running = alerts({ to: [webhook({ url: receiver.url, secret })], ...quick, ...more });
    return running;
  };
  const verified = (one: Received) =>
    new Webhook(secret).verify(one.text, headersOf(one)) as {
      type: string;
      timestamp: string;
      data: { id: string; state: string; sequence: number; timeline: { event: string }[] };
    };

  it('tells how an incident opens, gets worse, is looked after and ends, each once, signed, in order', async () => {
    const told = start();
    told.raise(report);
    told.raise(report);
    told.raise({ ...report, severity: 'error', title: 'acme spends much more' });
    told.raise({ ...report, step: 'forecast' });
    told.raise({ ...report, step: 'forecast' });
    told.acknowledge('runaway/acme', 'ann');
    told.acknowledge('runaway/acme', 'bob');
    told.resolve('runaway/acme', 'the key was rotated');
    told.resolve('runaway/acme', 'again');
    await receiver.untilTaken(5);
    await told.close();
    const bodies = receiver.received.map(verified);
    expect(bodies.map(({ type }) => type)).toEqual([
      'incident.opened',
      'incident.updated',
      'incident.updated',
      'incident.acknowledged',
      'incident.resolved',
    ]);
    expect(new Set(bodies.map(({ data }) => data.id)).size).toBe(1);
    expect(bodies[4]?.data).toMatchObject({
      key: 'runaway/acme',
      state: 'resolved',
      severity: 'error',
      acknowledgedBy: 'ann',
      resolution: 'the key was rotated',
      sequence: 5,
    });
    expect(bodies[4]?.data.timeline.map(({ event }) => event)).toEqual([
      'opened',
      'updated',
      'updated',
      'acknowledged',
      'resolved',
    ]);
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual(
      [1, 2, 3, 4, 5].map((sequence) => `${bodies[0]?.data.id}.${sequence}`),
    );
  });

  it('loses nothing that is raised in the moment in which something else is written', async () => {
    const told = start({ storm: false });
    for (let index = 0; index < 60; index += 1) {
      told.raise({ ...report, key: `k${index}` });
      for (let turn = 0; turn < index % 20; turn += 1) await undefined;
    }
    // On a busy machine an answer may come too late, and what was taken comes again, under the same id.
    const ids = (): Set<string> => new Set(receiver.taken.map((one) => verified(one).data.id));
    for (let count = 60; ids().size < 60; count += 1) await receiver.untilTaken(count);
    expect(ids().size).toBe(60);
  });

  it('opens another incident when what was resolved comes back', async () => {
    const told = start();
    told.raise(report);
    told.resolve(report.key, 'over');
    await receiver.untilTaken(2);
    told.raise(report);
    await receiver.untilTaken(3);
    const ids = receiver.taken.map((one) => verified(one).data.id);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('tries again under the same id, newly signed, while the receiver fails, hangs or cuts, and no later event overtakes', async () => {
    const answers = [
      'cut',
      { status: 500 },
      'hang',
      { status: 404 },
      { status: 302, headers: { location: '/' } },
    ] as const;
    receiver.answer = (index) => answers[index] ?? { status: 200 };
    const told = start({ deadlineMs: 1_000 });
    told.raise(report);
    told.resolve(report.key, 'over');
    await receiver.untilTaken(2);
    expect(receiver.taken.map((one) => verified(one).type)).toEqual(['incident.opened', 'incident.resolved']);
    const opened = receiver.received.slice(0, 6);
    expect(new Set(opened.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(opened.map(({ text }) => text)).size).toBe(1);
    for (const one of opened) verified(one);
    expect(receiver.received).toHaveLength(7);
  });

  it('leaves a receiver alone for as long as it asks with 429, whatever else is to be told', async () => {
    receiver.answer = (index) =>
      index === 0 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 200 };
    const told = start({ deadlineMs: 30_000 });
    const heard = new Promise<void>((resolve) => {
      const end = subscribe('tollgate:alert', ({ outcome }) => {
        if (outcome !== 'not received') return;
        end();
        resolve();
      });
    });
    told.raise(report);
    await heard;
    // The answer has been read; that the receiver is to be left alone is noted in the same turn.
    await new Promise(setImmediate);
    told.raise({ ...report, key: 'another' });
    await receiver.untilTaken(2);
    const [first, ...rest] = receiver.received;
    expect(rest).toHaveLength(2);
    for (const one of rest) expect(one.atMs - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(950);
  });

  it('gives up what is not wanted, says so without the URL, and goes on', async () => {
    const faults: unknown[] = [];
    const end = faultsInto(faults);
    receiver.answer = (index) => ({ status: index === 0 ? 410 : 200 });
    const told = start();
    told.raise(report);
    told.raise({ ...report, key: 'another' });
    await receiver.untilTaken(1);
    await told.close();
    end();
    expect(told.givenUp).toBe(1);
    expect(faults).toMatchObject([
      { source: 'alerts', what: 'given up', to: 'webhook', error: 'answered 410' },
    ]);
    expect(JSON.stringify(faults)).not.toContain('127.0.0.1');
  });

  it('sends no secret, no second line and no long text, whatever the app says', async () => {
    const told = start();
    told.raise({
      ...report,
      title: 'tg_live_4fXq0W2b_Zm9vYmFyYmF6 and sk-proj-abcdefghijklmnop\r\nBcc: a@b.c',
      facts: {
        url: 'redis://user:hunter2@cache:6379',
        header: 'Authorization: Bearer abc.def',
        jwt: 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln',
        long: 'x'.repeat(10_000),
        none: undefined,
        nan: Number.NaN,
      },
    });
    await receiver.untilTaken(1);
    const { text } = receiver.received[0] as Received;
    for (const hidden of ['Zm9vYmFyYmF6', 'abcdefghijklmnop', 'hunter2', 'abc.def', 'c2ln', '\\n', 'nan']) {
      expect(text).not.toContain(hidden);
    }
    expect(text).toContain('tg_live_4fXq0W2b_…');
    expect(text.length).toBeLessThan(2_500);
  });

  it('never throws into the app, and says what was wrong', async () => {
    const faults: unknown[] = [];
    const end = faultsInto(faults);
    const told = start({
      when: () => {
        throw new Error('the filter fails');
      },
    });
    told.raise({ ...report, severity: 'bad' } as never);
    told.raise(undefined as never);
    told.raise({ ...report, key: 'a\nb' });
    told.raise(report);
    await receiver.untilTaken(1);
    end();
    expect(faults.map((fault) => String((fault as { error: string }).error))).toEqual([
      expect.stringContaining('"severity" must be one of'),
      expect.stringContaining('"key" is required'),
      expect.stringContaining('"key" must be a line'),
      expect.stringContaining('the filter fails'),
    ]);
  });

  it('throws at start for what cannot work, without showing URL or secret', () => {
    const wrong: [unknown, string][] = [
      [{ url: 'ftp://a/hidden', secret }, '"url" must be an https: URL'],
      [{ url: 'https://user:hidden@a/', secret }, 'without user and password'],
      [{ url: receiver.url, secret: 'hidden' }, '"secret" must be "whsec_"'],
      [{ url: receiver.url, secret: `whsec_${Buffer.alloc(23).toString('base64')}` }, '24 to 64 bytes'],
      [{ url: receiver.url }, '"secret" is required'],
      [{ url: receiver.url, secret, secrets: 'hidden' }, 'did you mean "secret"?'],
    ];
    for (const [options, message] of wrong) {
      expect(() => webhook(options as never)).toThrow(message);
      try {
        webhook(options as never);
      } catch (error) {
        expect(String(error)).not.toContain('hidden');
      }
    }
    expect(() => alerts({ to: [] })).toThrow('"to" must be 1 to 20 destinations');
    const twice = webhook({ url: receiver.url, secret });
    expect(() => alerts({ to: [twice, twice] })).toThrow('two destinations are named "webhook"');
  });
});
