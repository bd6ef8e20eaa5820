import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { OutgoingRequest, ParsedCall } from '../../src/call/call.js';
import { Drains } from '../../src/call/drains.js';
import { TollgateError } from '../../src/lib/tollgate-error.js';
import { RequestPipeline } from '../../src/request/request-pipeline.js';

const outgoing: OutgoingRequest = { method: 'POST', url: '/v1/chat/completions', headers: {}, body: {} };
const parsed = { url: 'https://x', serialise: () => '{}' } as ParsedCall;
const ended = { outcome: 'ok', status: 200, sent: true, last: false } as const;

describe('a request whose client leaves before its declared call is begun', () => {
  const left = { status: 0, aborted: true, routed: true };
  const gone = new TollgateError({ status: 499, code: 'request_aborted', message: 'Gone.' });
  const declares = async () => {
    const log: string[] = [];
    const calls = new RequestPipeline({ now: () => 1000, tenant: 'acme', refused: () => undefined });
    calls.drains = new Drains({ total: 1, perTenant: 1 });
    calls.use({
      name: 'meter',
      stage: 'parse',
      begin: (call) => void Object.assign(call, { parsed }),
      end: () => void log.push('end'),
      finish: (_end, declared) => void log.push(declared ? 'finish declared' : 'finish'),
    });
    await calls.declare(outgoing);
    calls.clientGone(gone);
    return { calls, log };
  };
  afterEach(() => {
    jest.useRealTimers();
  });

  it('waits for its handler for as long as a call drains', async () => {
    jest.useFakeTimers();
    const { calls, log } = await declares();
    await calls.finish(left);
    await jest.advanceTimersByTimeAsync(59_000);
    expect(log).toEqual([]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(log).toEqual(['finish declared']);
    expect(calls.drains.open).toBe(0);
  });

  it('lets what the handler then sends take the declared call’s place, and ends with it', async () => {
    const { calls, log } = await declares();
    await calls.finish(left);
    const handle = await calls.begin(outgoing, { whenClientGone: 'drain' });
    expect(handle.call.attempt).toBe(1);
    calls.handled();
    expect(log).toEqual([]);
    await handle.end(ended);
    expect(log).toEqual(['end', 'finish']);
    calls.handled();
    expect(log).toHaveLength(2);
    expect(calls.drains.open).toBe(0);
  });

  it.each<[string, Partial<typeof left>]>([
    ['no route matched', { routed: false }],
    ['it was answered', { aborted: false }],
  ])('does not wait where %s, nor beyond the bounds, nor when the app ends', async (_, more) => {
    const first = await declares();
    await first.calls.finish({ ...left, ...more });
    expect(first.log).toEqual(['finish declared']);
    const full = await declares();
    full.calls.drains.enter('others');
    await full.calls.finish(left);
    expect(full.log).toEqual(['finish declared']);
    const ending = await declares();
    await ending.calls.finish(left);
    ending.calls.stopAll(gone);
    expect(ending.log).toEqual(['finish declared']);
  });
});
