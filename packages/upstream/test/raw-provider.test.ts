import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openAiCompatible } from '../src/index.js';
import { chat, type Journey, type JourneyOptions, journey } from './journey.js';

let app: Journey | undefined;
let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(async () => {
  await app?.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server?.close();
  app = undefined;
});

/** A provider that answers every request with these bytes, and closes the connection if told to. */
async function provider(
  answer: string | (() => string),
  close: boolean,
  options: JourneyOptions = {},
): Promise<Journey> {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      if (!bytes.toString('latin1').includes('}')) return;
      socket.write(typeof answer === 'string' ? answer : answer(), 'latin1');
      if (close) socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  app = await journey({
    providers: () => [openAiCompatible({ name: 'raw', baseUrl: `http://127.0.0.1:${port}/v1` })],
    ...options,
  });
  return app;
}

const json = '{"object":"chat.completion","choices":[]}';
const head = (more = '', type = 'application/json'): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n${more}\r\n`;
const sized = `content-length: ${json.length}\r\n`;

describe('a provider whose HTTP is strange', () => {
  it.each([
    ['sends early hints first', `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${head(sized)}${json}`, false],
    ['sends garbage after its answer', `${head(sized)}${json}GARBAGE\r\n\r\n`, false],
    ['ends its answer by closing', `${head('connection: close\r\n')}${json}`, true],
    ['repeats headers', `${head(`${sized}x-request-id: a\r\nx-request-id: b\r\n`)}${json}`, false],
  ])('and %s: its answer passes', async (_, answer, close) => {
    const { post, seen, ended } = await provider(answer, close);
    const response = await post('/v1/chat/completions', chat);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(json);
    await ended(1);
    expect(seen.ends).toEqual([{ outcome: 'ok', status: 200, sent: true, last: true }]);
  });

  it.each([
    ['speaks no HTTP', 'HELLO THERE\r\n\r\n', false],
    ['closes without a word', '', true],
    ['closes within its head', 'HTTP/1.1 200 OK\r\ncontent-ty', true],
    ['promises more than it sends', `${head('content-length: 5000\r\n')}${json}`, true],
    ['frames its answer in two ways', `${head(`${sized}transfer-encoding: chunked\r\n`)}${json}`, false],
    ['breaks its own chunks', `${head('transfer-encoding: chunked\r\n')}ZZ\r\n${json}\r\n`, false],
    ['sends a head without end', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}`, false],
  ])('and %s: 502', async (_, answer, close) => {
    const { post, seen, ended } = await provider(answer, close);
    const response = await post('/v1/chat/completions', chat);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: 'upstream_error' } });
    await ended(1);
    expect(seen.ends).toEqual([expect.objectContaining({ outcome: 'error', sent: true, last: true })]);
    expect(seen.contexts[0]?.calls.running.size).toBe(0);
  });

  it('and splits the client’s headers: a content type that is none is replaced', async () => {
    const type = 'application/json; charset=utf-8; x="\x80\xff"';
    const { post } = await provider(`${head(sized, type)}${json}`, false);
    const response = await post('/v1/chat/completions', chat);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
  });

  it('and breaks off a long answer: the connection is cut, so that nobody takes the half for the whole', async () => {
    const long = `{"a":"${'x'.repeat(2 * 1024 * 1024)}`;
    const { post, seen, ended } = await provider(`${head('content-length: 9000000\r\n')}${long}`, true);
    const response = await post('/v1/chat/completions', chat);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    await ended(1);
    expect(seen.ends).toEqual([{ outcome: 'error', status: 200, sent: true, last: true }]);
  });

  it('and sends a long answer: it passes in parts, byte for byte', async () => {
    const long = `{"a":"${'x'.repeat(2 * 1024 * 1024)}"}`;
    const { post } = await provider(`${head(`content-length: ${long.length}\r\n`)}${long}`, false);
    const response = await post('/v1/chat/completions', chat);
    expect(await response.text()).toBe(long);
  });

  it('and streams more than maxResponseBytes: the stream ends with an error event', async () => {
    const event = `data: {"x":"${'x'.repeat(5_000)}"}\n\n`;
    const answer = `${head('connection: close\r\n', 'text/event-stream')}${event.repeat(50)}`;
    const { post, seen, ended } = await provider(answer, true, { maxResponseBytes: 20_000 });
    const text = await (await post('/v1/chat/completions', { ...chat, stream: true })).text();
    expect(text.trimEnd().split('\n\n').at(-1)).toContain('upstream_error');
    expect(text.length).toBeLessThan(event.length * 50);
    await ended(1);
    expect(seen.ends[0]).toMatchObject({ outcome: 'error' });
  });
});
