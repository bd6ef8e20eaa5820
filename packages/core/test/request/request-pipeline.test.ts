import { describe, expect, it } from '@jest/globals';
import type { OutgoingRequest, ParsedCall, SettledCall, Writing } from '../../src/call/call.js';
import type { CallStep } from '../../src/call/call-pipeline.js';
import { type Drains, drainsOf } from '../../src/call/drains.js';
import { noUsage } from '../../src/call/usage.js';
import { TollgateError } from '../../src/lib/tollgate-error.js';
import { RequestPipeline } from '../../src/request/request-pipeline.js';

const outgoing = (body: OutgoingRequest['body'] = {}): OutgoingRequest => ({
  method: 'POST',
  url: '/v1/chat/completions',
  headers: {},
  body,
});
const parsed = { url: 'https://x', serialise: () => '{}' } as ParsedCall;
const ended = { outcome: 'ok', status: 200, sent: true, last: false } as const;
const refusal = new TollgateError({ status: 402, code: 'budget_exceeded', message: 'Gone.' });

function pipeline(tenant = 'acme') {
  const log: string[] = [];
  const refused: TollgateError[] = [];
  const calls = new RequestPipeline({ now: () => 1000, tenant, refused: (error) => refused.push(error) });
  const step = (name: string, stage: CallStep['stage'], more: Partial<CallStep> = {}): CallStep => ({
    name,
    stage,
    begin: () => void log.push(`${name} begin`),
    end: () => void log.push(`${name} end`),
    finish: (_end, declared) => void log.push(`${name} finish${declared ? ' declared' : ''}`),
    ...more,
  });
  return { calls, log, refused, step };
}

describe('the call pipeline', () => {
  it('runs the steps in stage order, whatever the order of installation, each once', async () => {
    const { calls, log, step } = pipeline();
    calls.use(step('budget', 'cover'));
    calls.use(step('meter', 'parse'));
    calls.use(step('auth', 'authorize'));
    calls.use(step('budget', 'cover'));
    const handle = await calls.begin(outgoing());
    await handle.end(ended);
    await handle.end(ended);
    expect(log).toEqual(['meter begin', 'auth begin', 'budget begin', 'meter end', 'auth end', 'budget end']);
    expect(calls.running.size).toBe(0);
  });

  it('declares without covering, and covers the same body once when it is sent', async () => {
    const { calls, log, step } = pipeline();
    calls.use(step('meter', 'parse', { begin: (call) => void Object.assign(call, { parsed }) }));
    calls.use(step('auth', 'authorize'));
    calls.use(step('budget', 'cover'));
    const request = outgoing({ model: 'm' });
    const declared = await calls.declare(request);
    expect(log).toEqual(['auth begin']);
    const handle = await calls.begin({ ...request, url: 'https://api.example/v1/chat/completions' });
    expect(handle.call).toBe(declared);
    expect(log).toEqual(['auth begin', 'budget begin']);
  });

  it('parses a declared body anew when it goes to another provider, whose prices are its own', async () => {
    const { calls, log, step } = pipeline();
    calls.use(
      step('meter', 'parse', {
        begin(call) {
          log.push(`meter begin ${call.outgoing.provider}`);
          Object.assign(call, { parsed: { ...parsed, provider: call.outgoing.provider ?? 'openai' } });
        },
      }),
    );
    const request = outgoing({ model: 'm' });
    const declared = await calls.declare({ ...request, provider: undefined });
    const handle = await calls.begin({ ...request, provider: 'groq' });
    expect(log).toEqual(['meter begin undefined', 'meter begin groq']);
    expect(handle.call.attemptId).toBe(declared.attemptId);
  });

  it('gives the declared ids to the first call even when its body is another, and parses that body anew', async () => {
    const { calls, log, step } = pipeline();
    calls.use(step('meter', 'parse'));
    const declared = await calls.declare(outgoing({ model: 'a' }));
    const first = await calls.begin(outgoing({ model: 'b' }));
    const second = await calls.begin(outgoing({ model: 'c' }));
    expect([first.call.id, first.call.attemptId, first.call.attempt]).toEqual([
      declared.id,
      declared.attemptId,
      1,
    ]);
    expect(second.call.id).not.toBe(declared.id);
    expect(log).toEqual(['meter begin', 'meter begin', 'meter begin']);
  });

  it('counts further attempts of a call', async () => {
    const { calls } = pipeline();
    const first = await calls.begin(outgoing());
    await first.end({ ...ended, outcome: 'error', status: 500 });
    const second = await calls.begin(outgoing(), { previous: first.call });
    expect(second.call.id).toBe(first.call.id);
    expect(second.call.attempt).toBe(2);
    expect(second.call.attemptId).not.toBe(first.call.attemptId);
  });

  it.each([
    ['aborted', 'whole', 'ok'],
    ['aborted', undefined, 'aborted'],
    ['ok', 'failed', 'error'],
    ['ok', 'whole', 'ok'],
    ['error', 'whole', 'ok'],
    ['budget_stopped', 'failed', 'budget_stopped'],
  ] as const)(
    'takes a connection that ended %s with an answer that is %s for %s',
    async (seen, answer, outcome) => {
      const { calls, step } = pipeline();
      const outcomes: string[] = [];
      calls.use(
        step('meter', 'parse', {
          begin: (call) => void Object.assign(call, { answer }),
          end: (_call, end) => void outcomes.push(end.outcome),
        }),
      );
      const handle = await calls.begin(outgoing());
      await handle.end({ ...ended, outcome: seen });
      expect(outcomes).toEqual([outcome]);
    },
  );

  it('rejects with the refusal of a step, remembers it, and leaves nothing running', async () => {
    const { calls, refused, step } = pipeline();
    calls.use(step('budget', 'cover', { begin: () => Promise.reject(refusal) }));
    await expect(calls.begin(outgoing())).rejects.toBe(refusal);
    expect(refused).toEqual([refusal]);
    expect(calls.running.size).toBe(0);
    expect(calls.begun).toBe(false);
  });

  it('tells the steps when the running cost has changed, so that they may stop the call', async () => {
    const { calls, step } = pipeline();
    const settlement = { usage: noUsage, costNanoUsd: 5, priceVersion: '', uncertain: true };
    calls.use(
      step('meter', 'parse', {
        chunk: (call: Writing<SettledCall>, bytes) => {
          if (bytes.length > 2) call.running = settlement;
          return undefined;
        },
      }),
    );
    calls.use(
      step('budget', 'cover', { progress: (call) => call.running === settlement && call.stop(refusal) }),
    );
    const handle = await calls.begin(outgoing());
    handle.onChunk(Buffer.from('a'));
    expect(handle.signal.aborted).toBe(false);
    handle.onChunk(Buffer.from('abc'));
    expect(handle.signal.aborted).toBe(true);
    expect(handle.call.stopped).toBe(refusal);
  });

  it('passes response bytes through the steps in order, and flushes what they held back', async () => {
    const { calls, step } = pipeline();
    const held: Uint8Array[] = [];
    calls.use(
      step('meter', 'parse', {
        chunk: (_call, bytes, last) => {
          if (last) return Buffer.concat(held);
          held.push(bytes);
          return Buffer.alloc(0);
        },
      }),
    );
    calls.use(
      step('cache', 'inspect', {
        chunk: (_call, bytes) => Buffer.from(Buffer.from(bytes).toString().toUpperCase()),
      }),
    );
    const handle = await calls.begin(outgoing());
    expect(handle.onChunk(Buffer.from('a')).length).toBe(0);
    expect(Buffer.from(handle.onEnd()).toString()).toMatch(/^97$|A/);
  });

  it('finishes only when no attempt is running, and again after a late call', async () => {
    const { calls, log, step } = pipeline();
    calls.use(step('budget', 'cover', { begin: () => undefined, end: () => undefined }));
    const handle = await calls.begin(outgoing());
    await calls.finish({ status: 200, aborted: false, routed: true });
    expect(log).toEqual([]);
    await handle.end(ended);
    expect(log).toEqual(['budget finish']);
    const late = await calls.begin(outgoing());
    await late.end(ended);
    expect(log).toEqual(['budget finish', 'budget finish']);
  });

  it('hands a declared call that was never begun to finish, once', async () => {
    const { calls, log, step } = pipeline();
    calls.use(step('meter', 'parse'));
    await calls.declare(outgoing());
    await calls.finish({ status: 200, aborted: false, routed: true });
    await calls.finish({ status: 200, aborted: false, routed: true });
    expect(log).toEqual(['meter begin', 'meter finish declared']);
  });

  it('stops running attempts when the client is gone, unless they drain', async () => {
    const { calls } = pipeline();
    const aborting = await calls.begin(outgoing(), { whenClientGone: 'abort' });
    const draining = await calls.begin(outgoing(), { whenClientGone: 'drain' });
    calls.clientGone(refusal);
    expect(aborting.signal.aborted).toBe(true);
    expect(aborting.signal.reason).toBe(refusal);
    expect(draining.signal.aborted).toBe(false);
    const late = await calls.begin(outgoing());
    expect(late.signal.aborted).toBe(true);
    calls.stopAll(refusal);
    expect(draining.signal.aborted).toBe(true);
  });

  it('drains by default, and aborts where the provider stops at an abort and the model shows all it bills', async () => {
    for (const [abort, visible, drains] of [
      [undefined, true, true],
      ['stops', false, true],
      ['stops', true, false],
    ] as const) {
      const { calls, step } = pipeline();
      const begin: CallStep['begin'] = (call) => void Object.assign(call, { parsed: { ...parsed, visible } });
      calls.use(step('meter', 'parse', { begin }));
      const handle = await calls.begin({ ...outgoing(), abort });
      expect(handle.drains).toBe(drains);
      calls.clientGone(refusal);
      expect(handle.signal.aborted).toBe(!drains);
      await handle.end({ ...ended });
    }
  });

  it('aborts what drains beyond its time, and beyond the bounds of the tenant and of the process', async () => {
    const drains = drainsOf({ total: 2, perTenant: 1 }) as Drains;
    const leave = async (tenant: string, drainMs = 60_000) => {
      const { calls } = pipeline(tenant);
      calls.drains = drains;
      const handle = await calls.begin(outgoing(), { whenClientGone: 'drain', drainMs });
      calls.clientGone(refusal);
      return handle;
    };
    const first = await leave('acme');
    expect([first.signal.aborted, drains.open]).toEqual([false, 1]);
    expect((await leave('acme')).signal.aborted).toBe(true);
    const other = await leave('globex');
    expect([other.signal.aborted, drains.open]).toEqual([false, 2]);
    expect((await leave('initech')).signal.aborted).toBe(true);
    await first.end({ ...ended });
    await first.end({ ...ended });
    expect(drains.open).toBe(1);
    const short = await leave('initech', 1);
    await new Promise((resolve) => short.signal.addEventListener('abort', resolve, { once: true }));
    await short.end({ ...ended });
    await other.end({ ...ended });
    expect(drains.open).toBe(0);
  });

  it('tells a transport once that its attempt was stopped, at once where it was stopped before', async () => {
    const { calls } = pipeline();
    const running = await calls.begin(outgoing(), { whenClientGone: 'abort' });
    const heard: string[] = [];
    running.onStop(() => heard.push(`running: ${running.call.stopped?.code}`));
    calls.clientGone(refusal);
    calls.stopAll(refusal);
    const late = await calls.begin(outgoing());
    late.onStop(() => heard.push(`late: ${late.call.stopped?.code}`));
    expect(heard).toEqual([`running: ${refusal.code}`, `late: ${refusal.code}`]);
  });

  it('ends an attempt although a step throws', async () => {
    const { calls, log, step } = pipeline();
    calls.use(step('meter', 'parse', { end: () => Promise.reject(new Error('broken')) }));
    calls.use(step('budget', 'cover'));
    const handle = await calls.begin(outgoing());
    await handle.end(ended);
    expect(log).toEqual(['meter begin', 'budget begin', 'budget end']);
    expect(calls.running.size).toBe(0);
  });
});
