import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import express from 'express';
import { memoryKeys, openai, type Tollgate, tollgate } from '../src/index.js';

const body = JSON.stringify({
  model: 'gpt-5-mini',
  max_completion_tokens: 10,
  messages: [{ role: 'user', content: 'hi' }],
});
const half = body.length / 2;

describe('close() while the body of a request is still on its way', () => {
  let provider: SimulatedProvider;
  let server: Server;
  let tg: Tollgate;
  let client: Socket;
  let answer = '';
  const keys = memoryKeys();
  const { key } = keys.create({ tenant: 'acme', plan: 'free' });

  beforeEach(async () => {
    provider = await simulateProvider();
    tg = tollgate({ plans: { free: { spend: '$1/day' } }, keys });
    const app = express();
    app.use(tg.guards());
    app.use('/v1', tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }));
    server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    answer = '';
    client.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    client.on('error', () => undefined);
  });

  afterEach(async () => {
    client.destroy();
    server.close();
    await provider.close();
  });

  /** Sends all but the second half of the body, and waits until it has come in. */
  async function sendHalf(credential = key): Promise<void> {
    client.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: app\r\nauthorization: Bearer ${credential}\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, half)}`,
    );
    while (tg.inFlight === 0 && answer === '') await new Promise((resolve) => setImmediate(resolve));
  }

  it('serves the request when the rest arrives within the grace period', async () => {
    await sendHalf();
    expect(tg.inFlight).toBe(1);
    let isClosed = false;
    const closed = tg.close({ graceMs: 20_000 }).then(() => {
      isClosed = true;
    });
    const late = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/models`);
    expect(late.status).toBe(503);
    expect(isClosed).toBe(false);
    client.write(body.slice(half));
    await once(client, 'data');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    await closed;
    expect(tg.inFlight).toBe(0);
    expect(provider.requests).toHaveLength(1);
  });

  it('answers 503, closes the connection and calls no provider when it does not', async () => {
    await sendHalf();
    const ended = once(client, 'end');
    const begun = performance.now();
    await tg.close({ graceMs: 50 });
    expect(performance.now() - begun).toBeLessThan(4_000);
    client.write(body.slice(half));
    await ended;
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toContain('"code":"shutting_down"');
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(tg.inFlight).toBe(0);
    expect(provider.requests).toHaveLength(0);
  });

  it('is not ready but serves during the drain delay, and refuses after it', async () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const ask = async (): Promise<number> => (await fetch(url, { method: 'POST', headers, body })).status;
    const begun = performance.now();
    const closed = tg.close({ drainDelayMs: 2_000, graceMs: 5_000 });
    expect(tg.isReady).toBe(false);
    expect(await ask()).toBe(200);
    await closed;
    expect(performance.now() - begun).toBeGreaterThanOrEqual(1_990);
    expect(await ask()).toBe(503);
    expect(() => tg.close({ drainDelayMs: -1 })).toThrow('tg.close: "drainDelayMs" must be');
    expect(() => tg.close({ drainDelay: 1 } as never)).toThrow('tg.close: unknown option "drainDelay"');
  });

  it('does not wait for one that was refused before its body', async () => {
    await sendHalf('wrong');
    while (!answer.includes('\r\n\r\n')) await once(client, 'data');
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(tg.inFlight).toBe(0);
    await tg.close({ graceMs: 20_000 });
  });

  it('does not wait for a client that has gone', async () => {
    await sendHalf();
    const closed = tg.close({ graceMs: 20_000 });
    client.destroy();
    await closed;
    expect(tg.inFlight).toBe(0);
  });
});
