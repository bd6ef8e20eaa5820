import { afterEach, describe, expect, it } from '@jest/globals';
import { type Receiver, startReceiver } from '@tollgate/testkit';
import { Webhook } from 'standardwebhooks';
import request from 'supertest';
import { type JobWebhook, jobs, memoryJobs } from '../src/index.js';
import { hourMs, type World, worldOf } from './world.js';

const key = Buffer.alloc(32, 7).toString('base64');
const secret = `whsec_${key}`;
let receiver: Receiver;
let world: World | undefined;
afterEach(async () => {
  await world?.guard.close();
  await receiver?.close();
});

describe('the webhook of a job', () => {
  it('tells its end, signed, until it is received, and never its answer', async () => {
    receiver = await startReceiver();
    receiver.answer = (index) => ({ status: index === 0 ? 500 : 204 });
    const asked: string[] = [];
    world = worldOf({
      options: {
        webhook: ({ keyId = '' }) => {
          asked.push(keyId);
          return keyId === 'one' ? { url: receiver.url, secret } : undefined;
        },
      },
    });
    const w = world;
    // Neither body nor headers of a client say where to.
    const body = { webhook: 'http://127.0.0.1:1/', text: 'secret' };
    const { id } = (await w.ask('one', body).set('x-webhook', 'http://127.0.0.1:1/')).body;
    const { id: other } = (await w.ask('two', {})).body;
    const { id: gone } = (await w.ask('one', {})).body;
    await request(w.app).delete(`/v1/jobs/${gone}`).set('x-key', 'one').expect(200);
    w.clock.nowMs += hourMs;
    await w.untilStatus('one', id, 'completed');
    await w.untilStatus('two', other, 'completed');
    while (receiver.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    // The second try comes a second later.
    const step = setInterval(() => {
      w.clock.nowMs += 1_000;
    }, 20);
    await receiver.untilTaken(1);
    clearInterval(step);
    const [first, second] = receiver.received;
    expect(receiver.received).toHaveLength(2);
    for (const { headers, text } of receiver.received) {
      const signed = {
        'webhook-id': String(headers['webhook-id']),
        'webhook-timestamp': String(headers['webhook-timestamp']),
        'webhook-signature': String(headers['webhook-signature']),
      };
      expect(new Webhook(key).verify(text, signed)).toEqual({
        type: 'job.completed',
        timestamp: '2026-11-21T09:00:00.000Z',
        data: { id, status: 'completed' },
      });
    }
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(new Set(asked)).toEqual(new Set(['one', 'two']));
  });

  it.each([
    ['another protocol', { url: 'ftp://host/', secret }, 'http(s) URL'],
    [
      'a password',
      { url: 'https://user:pass@host/', secret },
      'without user and password, received another text',
    ],
    ['a short secret', { url: 'https://host/', secret: 'whsec_c2hvcnQ=' }, '24 to 64 bytes'],
  ])('refuses %s at start, and shows neither', (_what, webhook: JobWebhook, message) => {
    const make = () => jobs({ queue: memoryJobs(), callers: (caller) => caller, webhook });
    expect(make).toThrow(message);
    expect(make).not.toThrow(/pass@|c2hvcnQ/);
  });
});

describe('the options of jobs()', () => {
  const good = { queue: memoryJobs(), callers: () => undefined };
  it.each([
    [{ ...good, queue: {} }, 'jobs: "queue" must be an object with add()'],
    [{ queue: memoryJobs() }, 'jobs: "callers" is required'],
    [{ ...good, path: 'jobs/' }, '"path" must be a path such as "/v1/jobs"'],
    [{ ...good, keepHeaders: ['authorization'] }, 'carries no credential'],
    [{ ...good, keepsMs: 1 }, 'unknown option "keepsMs"'],
    [{ ...good, expireAfterMs: 10 }, '"expireAfterMs" must be an integer from 1000'],
  ])('are checked at start: %#', (options, message) => {
    expect(() => jobs(options as Parameters<typeof jobs>[0])).toThrow(message);
  });
});
