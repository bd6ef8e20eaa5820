import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Script } from '@tollgate/simulator';
import fc from 'fast-check';
import { chat, type Journey, journey, messages } from './journey.js';

let open: Journey | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

const point = fc.oneof(
  fc.constant('before-headers' as const),
  fc.record({ afterChunks: fc.nat(30) }),
  fc.record({ afterBytes: fc.nat(6_000) }),
);
const scripts: fc.Arbitrary<Script> = fc.oneof(
  fc.record({ tokens: fc.nat(60) }),
  fc.record({ reset: point, resetWithRst: fc.boolean() }),
  fc.record({ hang: point }),
  fc.record({ end: point.filter((at) => at !== 'before-headers') }),
  fc.record({ status: fc.constantFrom(400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504, 529) }),
  fc.record({ errorEventAfterChunks: fc.nat(20) }),
  fc.record({ slowDripMs: fc.constant(1), chunkBytes: fc.integer({ min: 40, max: 900 }) }),
  fc.record({ gzip: fc.constant(true), closeConnection: fc.constantFrom('after-answer', 'on-next-request') }),
);
const visits = fc.record({
  script: scripts,
  api: fc.constantFrom('chat', 'messages'),
  stream: fc.boolean(),
  /** When the client goes: never, or after this many milliseconds. */
  leavesAfterMs: fc.option(fc.nat(40), { freq: 3, nil: undefined }),
});

/** One request; resolves when its client has the whole answer, or is gone. */
async function visit(app: Journey, { script, api, stream, leavesAfterMs }: Visit): Promise<number | 'gone'> {
  app.sim.queue(script);
  const body = JSON.stringify({ ...(api === 'chat' ? chat : messages), stream });
  const path = api === 'chat' ? '/v1/chat/completions' : '/v1/messages';
  const sent = request(app.url + path, { method: 'POST', headers: { 'content-type': 'application/json' } });
  const closed = new Promise<'gone'>((resolve) => sent.once('close', () => resolve('gone')));
  sent.on('error', () => undefined);
  sent.end(body);
  const timer = leavesAfterMs === undefined ? undefined : setTimeout(() => sent.destroy(), leavesAfterMs);
  const response = await Promise.race([once(sent, 'response').catch(() => undefined), closed]);
  if (!Array.isArray(response)) return 'gone';
  const [answer] = response as [IncomingMessage];
  answer.on('error', () => undefined).resume();
  await closed;
  clearTimeout(timer);
  return answer.complete ? (answer.statusCode ?? 0) : 'gone';
}

type Visit = typeof visits extends fc.Arbitrary<infer Value> ? Value : never;

describe('whatever client and provider do', () => {
  it.each(['abort', 'drain'] as const)(
    'with whenClientGone: %s every call ends exactly once and nothing keeps running',
    async (whenClientGone) => {
      const app = await journey({
        whenClientGone,
        drainMs: 100,
        timeouts: { firstByteMs: 100, idleMs: 100, totalMs: 3_000 },
      });
      open = app;
      let begun = 0;
      const rounds = process.env.TOLLGATE_LONG ? 60 : 6;
      await fc.assert(
        fc.asyncProperty(fc.array(visits, { minLength: 4, maxLength: 12 }), async (group) => {
          const answers = await Promise.all(group.map((one) => visit(app, one)));
          const never = group.every((one) => one.leavesAfterMs === undefined);
          if (never) expect(answers.filter((answer) => answer === 'gone' || answer === 0)).toEqual([]);
          const all = app.seen.contexts;
          while (!all.every(({ calls }) => calls.finished && calls.running.size === 0)) await turn();
          begun = all.filter(({ calls }) => calls.begun).length;
          expect(app.seen.ends).toHaveLength(begun);
          expect(new Set(app.seen.calls).size).toBe(begun);
          const sent = app.seen.ends.filter((end) => end.sent).length;
          expect(app.sim.requests.length).toBeLessThanOrEqual(sent);
          await app.sim.waitForEnd(app.sim.requests.length);
        }),
        { numRuns: rounds, seed: 20_260_101, endOnFailure: true },
      );
      expect(begun).toBeGreaterThan(rounds);
    },
    120_000,
  );
});
