import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { TollgateError } from '@tollgate/core';
import { chat, type Journey, type JourneyOptions, journey, messages } from './journey.js';

let open: Journey | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function start(options: JourneyOptions = {}): Promise<Journey> {
  open = await journey(options);
  return open;
}

/** A client that can be made to go, or not to read. */
function post(app: Journey, path: string, body: object): ClientRequest {
  const sent = request(app.url + path, { method: 'POST', headers: { 'content-type': 'application/json' } });
  sent.on('error', () => undefined);
  sent.end(JSON.stringify(body));
  return sent;
}

async function answerOf(sent: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return response;
}

const stream = { ...chat, stream: true };

describe('a client that goes away', () => {
  it('before the first byte ends the call at the provider, where it is not drained', async () => {
    const app = await start({ whenClientGone: 'abort' });
    app.sim.queue({ hang: 'before-headers' });
    const sent = post(app, '/v1/chat/completions', stream);
    await app.sim.waitFor(1);
    sent.destroy();
    await app.ended(1);
    await app.sim.waitForEnd(1);
    expect(app.seen.ends).toEqual([{ outcome: 'aborted', status: 0, sent: true, last: true }]);
    expect(app.sim.requests[0]?.aborted).toBe(true);
    expect(app.seen.contexts[0]?.calls.running.size).toBe(0);
  });

  it('in the middle of a stream ends the call at the provider, where it is not drained', async () => {
    const app = await start({ whenClientGone: 'abort' });
    app.sim.queue({ chunkDelayMs: 5, tokens: 2_000 });
    const response = await answerOf(post(app, '/v1/chat/completions', stream));
    await once(response, 'data');
    response.destroy();
    await app.ended(1);
    await app.sim.waitForEnd(1);
    expect(app.seen.ends).toEqual([{ outcome: 'aborted', status: 200, sent: true, last: true }]);
    expect(app.sim.requests[0]?.aborted).toBe(true);
    expect(app.sim.requests[0]?.producedTokens).toBeLessThan(2_000);
  });

  it('right after the last event has had a success', async () => {
    const app = await start();
    const plain = await (await app.post('/v1/messages', { ...messages, stream: true })).text();
    app.sim.queue({ hang: { afterBytes: Buffer.byteLength(plain) } });
    const response = await answerOf(post(app, '/v1/messages', { ...messages, stream: true }));
    let text = '';
    for await (const chunk of response) {
      text += chunk;
      if (text.includes('event: message_stop\n') && text.endsWith('\n\n')) break;
    }
    await app.ended(2);
    expect(app.seen.ends[1]).toEqual({ outcome: 'ok', status: 200, sent: true, last: true });
  });

  it('before anything was sent costs nothing', async () => {
    let letGo = (): void => undefined;
    const covered = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let began = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      began = resolve;
    });
    const app = await start({
      step: {
        begin: () => {
          began();
          return covered;
        },
      },
    });
    const sent = post(app, '/v1/chat/completions', stream);
    await begun;
    sent.destroy();
    await once(app.seen.contexts[0]?.res ?? sent, 'close');
    letGo();
    await app.ended(1);
    expect(app.seen.ends).toEqual([{ outcome: 'aborted', status: 0, sent: false, last: true }]);
    expect(app.sim.requests).toHaveLength(0);
  });

  it('lets the provider finish by default, so that its usage is seen', async () => {
    const app = await start();
    app.sim.queue({ chunkDelayMs: 5, tokens: 20 });
    const response = await answerOf(post(app, '/v1/chat/completions', stream));
    await once(response, 'data');
    response.destroy();
    await app.ended(1);
    expect(app.seen.ends).toEqual([{ outcome: 'ok', status: 200, sent: true, last: true }]);
    expect(Buffer.concat(app.seen.chunks).toString()).toContain('data: [DONE]');
    expect(app.sim.requests[0]?.producedTokens).toBe(20);
  });

  it('has its call aborted after drainMs', async () => {
    const app = await start({ drainMs: 100 });
    app.sim.queue({ hang: { afterChunks: 3 } });
    const response = await answerOf(post(app, '/v1/chat/completions', stream));
    await once(response, 'data');
    response.destroy();
    await app.ended(1);
    await app.sim.waitForEnd(1);
    expect(app.seen.ends).toEqual([{ outcome: 'aborted', status: 200, sent: true, last: true }]);
  });
});

describe('a client that does not read', () => {
  it('pauses the provider, and gets every byte when it reads on', async () => {
    const app = await start({ timeouts: { idleMs: 2_000 } });
    const padding = 'x'.repeat(64 * 1024);
    app.sim.queue({ text: Array.from({ length: 400 }, () => `${padding} `).join('') });
    const response = await answerOf(post(app, '/v1/chat/completions', { ...stream, max_tokens: 100_000 }));
    response.pause();
    const total = 400 * padding.length;
    // Longer than idleMs: the client is slow, not the provider.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const passed = Buffer.concat(app.seen.chunks).length;
    expect(passed).toBeLessThan(total / 2);
    expect(app.seen.ends).toEqual([]);
    let received = 0;
    for await (const chunk of response) received += chunk.length;
    await app.ended(1);
    expect(received).toBeGreaterThan(total);
    expect(received).toBe(Buffer.concat(app.seen.chunks).length);
    expect(app.seen.ends[0]).toMatchObject({ outcome: 'ok' });
  });
});

describe('a call that is stopped', () => {
  const gone = new TollgateError({ status: 402, code: 'budget_exceeded', message: 'The money is gone.' });

  it('in the middle of a stream ends politely, and the provider is let go', async () => {
    let chunks = 0;
    const app = await start({
      step: {
        chunk: (call, chunk, last) => {
          chunks += 1;
          if (chunks === 3) call.stop(gone);
          return last && call.stopped ? Buffer.from('data: {"polite":true}\n\ndata: [DONE]\n\n') : chunk;
        },
      },
    });
    app.sim.queue({ chunkDelayMs: 2, tokens: 1_000 });
    const response = await app.post('/v1/chat/completions', stream);
    const text = await response.text();
    await app.ended(1);
    await app.sim.waitForEnd(1);
    expect(text).toMatch(/data: \{"polite":true\}\n\ndata: \[DONE\]\n\n$/);
    expect(app.seen.ends).toEqual([{ outcome: 'budget_stopped', status: 200, sent: true, last: true }]);
    expect(app.sim.requests[0]?.aborted).toBe(true);
  });

  it('ends with an error event where nobody knows a politer end', async () => {
    let chunks = 0;
    const app = await start({
      step: {
        chunk: (call, chunk) => {
          chunks += 1;
          if (chunks === 3) call.stop(gone);
          return chunk;
        },
      },
    });
    app.sim.queue({ chunkDelayMs: 2, tokens: 1_000 });
    const text = await (await app.post('/v1/chat/completions', stream)).text();
    expect(text.trimEnd().split('\n\n').at(-1)).toContain('"code":"budget_exceeded"');
  });

  it('before its answer began is refused with the reason', async () => {
    const app = await start({ step: { response: (call) => call.stop(gone) } });
    const response = await app.post('/v1/chat/completions', chat);
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({ error: { code: 'budget_exceeded' } });
    await app.ended(1);
    expect(app.seen.ends).toEqual([{ outcome: 'budget_stopped', status: 200, sent: true, last: true }]);
  });

  it('is ended when a step fails over its answer: what is not measured is not passed on', async () => {
    const app = await start({
      step: {
        chunk: () => {
          throw new Error('cannot count');
        },
      },
    });
    const response = await app.post('/v1/chat/completions', chat);
    expect(response.status).toBe(502);
    await app.ended(1);
    expect(app.seen.ends).toEqual([{ outcome: 'error', status: 200, sent: true, last: true }]);
  });

  it('is refused by a step before anything is sent', async () => {
    const app = await start({ step: { begin: () => Promise.reject(gone) } });
    const response = await app.post('/v1/chat/completions', chat);
    expect(response.status).toBe(402);
    expect(app.sim.requests).toHaveLength(0);
    expect(app.seen.contexts[0]?.calls.running.size).toBe(0);
  });
});
