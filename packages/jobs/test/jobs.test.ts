import { afterEach, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import express from 'express';
import express4 from 'express4';
import request from 'supertest';
import { callerOf, hourMs, until, type World, type WorldOptions, worldOf } from './world.js';

let worlds: World[] = [];
function world(options?: WorldOptions): World {
  const made = worldOf(options);
  worlds.push(made);
  return made;
}
afterEach(async () => {
  await Promise.all(worlds.map(({ guard }) => guard.close()));
  worlds = [];
});

describe.each([
  ['Express 5', express],
  ['Express 4.18', express4],
])('a request that may wait, on %s', (_name, create) => {
  it('is answered 202 where there is no room, done when there is, once, as the same request of the same caller', async () => {
    const w = world({ create });
    const answer = await w
      .ask('one', { text: 'hello' })
      .set('anthropic-version', '2023-06-01')
      .set('cookie', 'a=b');
    expect(answer.status).toBe(202);
    const { id } = answer.body;
    expect(answer.headers).toMatchObject({
      location: `/v1/jobs/${id}`,
      'x-request-id': id,
      'preference-applied': 'respond-async',
      'x-tollgate-degraded': 'budget',
      'cache-control': 'no-store',
      'retry-after': '3600',
    });
    expect(answer.body).toEqual({
      id,
      object: 'job',
      status: 'queued',
      created_at: '2026-11-21T08:00:00.000Z',
      expires_at: '2026-11-22T08:00:00.000Z',
      due_at: '2026-11-21T09:00:00.000Z',
    });
    expect(await w.see('one', id)).toEqual({ status: 200, job: answer.body });
    expect(w.done).toEqual([]);
    w.clock.nowMs += hourMs;
    const job = await w.untilStatus('one', id, 'completed');
    expect(job).toMatchObject({
      ended_at: '2026-11-21T09:00:00.000Z',
      kept_until: '2026-11-22T09:00:00.000Z',
      answer: { status: 200, body: { echo: { text: 'hello' }, query: { x: '1' } } },
    });
    expect(w.done).toHaveLength(1);
    expect(w.done[0]).toMatchObject({ id, keyId: 'one', headers: { 'anthropic-version': '2023-06-01' } });
    for (const name of ['x-key', 'cookie', 'prefer']) expect(w.done[0]?.headers).not.toHaveProperty(name);
    // Nothing of the prompt is kept behind its end.
    const kept = await w.queue.read(id, callerOf('one').tenant);
    expect(kept?.job.request).toBeUndefined();
    w.clock.nowMs += 24 * hourMs;
    expect((await w.see('one', id)).status).toBe(404);
  });
});

describe('a request', () => {
  it('that does not say it may wait, or finds room, is not deferred', async () => {
    const w = world();
    for (const prefer of ['', 'wait=10', 'foo="a, respond-async"', 'x-respond-async']) {
      expect((await w.ask('one', {}, { prefer })).status).toBe(402);
    }
    w.opensAtMs = 0;
    expect((await w.ask('one', {})).status).toBe(200);
  });

  it('may be declared to wait by the app, without a preference that is applied', async () => {
    const w = world({ options: { mayWait: (req) => req.path === '/v1/work', path: '/later' } });
    const answer = await w.ask('one', {}, {});
    expect({ status: answer.status, location: answer.headers.location }).toEqual({
      status: 202,
      location: `/later/${answer.body.id}`,
    });
    expect(answer.headers).not.toHaveProperty('preference-applied');
  });

  it('is refused as ever where it is too large, would expire before there is room, or its caller cannot be looked up', async () => {
    const w = world({ options: { maxBodyBytes: 100, expireAfterMs: 2 * hourMs } });
    expect((await w.ask('one', { text: 'x'.repeat(100) })).status).toBe(402);
    expect((await w.ask('three', {})).status).toBe(402);
    w.opensAtMs = w.clock.nowMs + 2 * hourMs;
    expect((await w.ask('one', {})).status).toBe(402);
    w.opensAtMs -= 1;
    expect((await w.ask('one', {})).status).toBe(202);
  });

  it('is refused with 503 where the queue is full or away; nothing is kept', async () => {
    const full = await world({ options: { queue: queueThat(async () => false) }, start: false }).ask(
      'one',
      {},
    );
    expect(full.status).toBe(503);
    expect(full.body.error.code).toBe('queue_full');
    const broken = () => Promise.reject(new Error('gone'));
    const away = await world({ options: { queue: queueThat(broken) }, start: false }).ask('one', {});
    expect(away.status).toBe(503);
    expect(away.body.error).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('Nothing was charged'),
    });
    const w = world({ options: { queue: queueThat(broken) }, start: false });
    const poll = await request(w.app)
      .get('/v1/jobs/01900000-0000-7000-8000-000000000000')
      .set('x-key', 'one');
    expect({ status: poll.status, code: poll.body.error.code }).toEqual({
      status: 503,
      code: 'store_unavailable',
    });
  });

  it('is taken back where the queue kept it later than its client was told', async () => {
    const cancelled: string[] = [];
    let answer: ((kept: boolean) => void) | undefined;
    const queue = {
      ...queueThat(
        () =>
          new Promise<boolean>((resolve) => {
            answer = resolve;
          }),
      ),
      cancel: async ({ id }: { id: string }) => {
        cancelled.push(id);
        return undefined;
      },
    };
    const w = world({ options: { queue, queueDeadlineMs: 20 }, start: false });
    const { status, headers } = await w.ask('one', {});
    expect(status).toBe(503);
    expect(cancelled).toEqual([]);
    answer?.(true);
    await until('it is taken back', () => cancelled.length === 1);
    expect(cancelled).toEqual([headers['x-request-id']]);
  });
});

describe('a job', () => {
  it('is shown to nobody else, and cannot be cancelled by them', async () => {
    const w = world();
    const { id } = (await w.ask('one', {})).body;
    expect((await w.see('two', id)).status).toBe(404);
    expect((await request(w.app).delete(`/v1/jobs/${id}`).set('x-key', 'two')).status).toBe(404);
    expect((await request(w.app).get(`/v1/jobs/${id}`)).status).toBe(404);
    expect((await w.see('one', '01900000-0000-7000-8000-000000000000')).status).toBe(404);
    expect((await w.see('one', id)).job.status).toBe('queued');
  });

  it('that is cancelled is never done', async () => {
    const w = world();
    const { id } = (await w.ask('one', {})).body;
    const { id: other } = (await w.ask('one', {})).body;
    const answer = await request(w.app).delete(`/v1/jobs/${id}`).set('x-key', 'one');
    expect(answer.body).toMatchObject({ status: 'cancelled', error: { code: 'cancelled' } });
    w.clock.nowMs += hourMs;
    await w.untilStatus('one', other, 'completed');
    expect(w.done.map((one) => one.id)).toEqual([other]);
    expect((await w.see('one', id)).job.status).toBe('cancelled');
    const late = await request(w.app).delete(`/v1/jobs/${other}`).set('x-key', 'one');
    expect(late.body.status).toBe('completed');
  });

  it('that is cancelled while it is done is broken off', async () => {
    let gone = false;
    const w = world({
      handler: (_req, res) =>
        void res.on('close', () => {
          gone = true;
        }),
    });
    const { id } = (await w.ask('one', {})).body;
    w.clock.nowMs += hourMs;
    await w.untilStatus('one', id, 'running');
    await request(w.app).delete(`/v1/jobs/${id}`).set('x-key', 'one').expect(200);
    await until('the handler sees its client go', () => gone);
    expect((await w.see('one', id)).job.status).toBe('cancelled');
  });

  it('of a key that is no longer good is not done', async () => {
    const w = world();
    const { id } = (await w.ask('one', {})).body;
    w.keys.delete('one');
    w.clock.nowMs += hourMs;
    const job = await w.untilStatus('one', id, 'failed');
    expect(job.error?.code).toBe('caller_gone');
    expect(w.done).toEqual([]);
  });

  it('that finds no room is tried again when there is some, and expires when there is none in time', async () => {
    const events: string[] = [];
    const stop = subscribe('tollgate:job', ({ outcome }) => void events.push(String(outcome)));
    const w = world({ options: { expireAfterMs: 3 * hourMs } });
    const { id } = (await w.ask('one', {})).body;
    w.opensAtMs += hourMs;
    w.clock.nowMs += hourMs;
    await until('it was postponed', () => events.includes('postponed'));
    expect((await w.see('one', id)).job).toMatchObject({
      status: 'queued',
      due_at: '2026-11-21T10:00:00.000Z',
    });
    const { id: second } = (await w.ask('one', {})).body;
    w.opensAtMs += 10 * hourMs;
    w.clock.nowMs += 2 * hourMs;
    const job = await w.untilStatus('one', id, 'expired');
    expect(job.error).toEqual({
      code: 'expired',
      message: 'It found no room in time. Nothing was charged for it.',
    });
    expect(w.done).toEqual([]);
    expect((await w.see('one', second)).job.status).toBe('queued');
    stop();
    expect(events.slice(0, 2)).toEqual(['deferred', 'postponed']);
    expect(events).toContain('expired');
  });

  it('fails with the answer of the app, and is tried again where a service was only away', async () => {
    let count = 0;
    const w = world({
      handler: (req, res) => {
        count += 1;
        if (req.body.bad) res.status(422).json({ error: 'bad' });
        else
          res
            .status(count > 2 ? 200 : 503)
            .type('text/plain')
            .send(`try ${count}`);
      },
    });
    const { id } = (await w.ask('one', { bad: true })).body;
    w.clock.nowMs += hourMs;
    expect(await w.untilStatus('one', id, 'failed')).toMatchObject({
      answer: { status: 422, body: { error: 'bad' } },
    });
    w.opensAtMs += hourMs;
    const { id: second } = (await w.ask('one', {})).body;
    w.clock.nowMs += hourMs;
    await until('it is tried', () => count === 2);
    await w.untilStatus('one', second, 'queued');
    w.clock.nowMs += 10_000;
    expect(await w.untilStatus('one', second, 'completed')).toMatchObject({ answer: { body: 'try 3' } });
  });

  it('fails where its answer is too large, or takes too long', async () => {
    const handler: WorldOptions['handler'] = (req, res) => {
      if (req.body.hang !== true) res.send('x'.repeat(101));
    };
    const w = world({ options: { maxAnswerBytes: 100, timeoutMs: 1_000 }, handler });
    const { id } = (await w.ask('one', {})).body;
    const { id: slow } = (await w.ask('one', { hang: true })).body;
    w.clock.nowMs += hourMs;
    expect((await w.untilStatus('one', id, 'failed')).error?.code).toBe('answer_too_large');
    expect((await w.untilStatus('one', slow, 'failed')).error?.code).toBe('timeout');
  });
});

/** A queue that keeps nothing. */
function queueThat(add: () => Promise<boolean>) {
  const nothing = async () => undefined;
  return {
    add,
    read: () => add().then(() => undefined),
    cancel: nothing,
    start: () => undefined,
    close: nothing,
  };
}
