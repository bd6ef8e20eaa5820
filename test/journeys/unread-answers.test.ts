import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openai, type UsageEvent } from 'tollgate';
import { chargedFor, type RunningApp, startApp } from './running-app.js';

const places = 40;
let app: RunningApp | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await app?.close();
  app = undefined;
});

/** A client that asks for a long stream on a connection of its own, and reads nothing of it. */
function neverReads(to: RunningApp, key: string): void {
  const body = JSON.stringify({
    model: 'gpt-4.1-mini',
    stream: true,
    messages: [{ role: 'user', content: 'Hi' }],
  });
  const socket = connect(Number(new URL(to.url).port), '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

async function ask(to: RunningApp, key: string): Promise<number> {
  const response = await fetch(`${to.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gpt-4.1-mini',
      user: 'small',
      messages: [{ role: 'user', content: 'Hi' }],
    }),
  });
  await response.text();
  return response.status;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const event = Buffer.from(
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'gpt-4.1-mini', choices: [{ index: 0, delta: { content: 'x'.repeat(60_000) } }] })}\n\n`,
);
const small = JSON.stringify({
  ...{ id: 'c', object: 'chat.completion', model: 'gpt-4.1-mini' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11 },
});

/** A provider whose streams never end while they are read. Resolves with its base URL. */
async function endlessProvider(): Promise<{ url: string; close: () => void }> {
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    req.on('end', () => {
      if (body.includes('"small"')) {
        res.writeHead(200, { 'content-type': 'application/json' }).end(small);
        return;
      }
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      const more = (): void => {
        while (!res.destroyed && res.write(event));
      };
      res.on('drain', more);
      more();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/v1`, close };
}

describe('200 clients of four keys that do not read their answers', () => {
  it('leave places for the other tenants, are cut off, and stay charged', async () => {
    const endless = await endlessProvider();
    let arrived = 0;
    app = await startApp({
      plan: { spend: '$50/day', maxOutputTokens: 1_000 },
      options: { concurrency: { limit: places, clientIdleMs: 600, queue: { timeoutMs: 60_000 } } },
      before: (_req, _res, next) => {
        arrived += 1;
        next();
      },
      routes: (express, tg) => {
        const to = openai({ apiKey: 'simulated', baseUrl: endless.url, abort: 'stops' });
        express.post('/v1/chat/completions', tg.proxy({ provider: to, clientIdleMs: 600 }));
      },
    });
    const running = app;
    const keys = Array.from({ length: 4 }, (_, index) => running.newKey(`greedy-${index}`));
    const quiet = running.newKey('quiet');
    expect(await ask(running, quiet)).toBe(200);
    for (let index = 0; index < 200; index += 1) neverReads(running, keys[index % 4] as string);
    // Node accepts one connection in each turn of its event loop, so a busy machine takes seconds for all.
    await until(() => arrived === 201);
    for (let count = 0; count < 5; count += 1) {
      expect(await ask(running, quiet)).toBe(200);
      // It did not wait until the others had gone: more of them than there are places still run or wait.
      expect(running.tg.inFlight).toBeGreaterThan(places);
    }
    const others = (): UsageEvent[] => running.events.filter(({ tenant }) => tenant !== 'quiet');
    await until(() => others().length > 50);
    const cut = others();
    for (const socket of sockets) socket.destroy();
    await until(() => running.tg.inFlight === 0);
    // Those whose clients have left just now may not have been sent yet.
    expect(cut.every((one) => chargedFor(one) > 0)).toBe(true);
    endless.close();
  }, 150_000);
});
