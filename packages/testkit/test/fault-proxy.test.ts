import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FaultMode, type FaultProxy, faultProxy } from '../src/index.js';

let target: Server;
let received: string[];
let proxy: FaultProxy;
const sockets: Socket[] = [];

beforeEach(async () => {
  received = [];
  target = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      received.push(bytes.toString());
      socket.write(`<${bytes.toString()}>`);
    });
  }).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const address = target.address();
  proxy = await faultProxy({ target: typeof address === 'object' && address ? address.port : 0 });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.close();
  await new Promise((closed) => target.close(closed));
});

/** A connection through the proxy, and what came back on it. */
async function client(): Promise<{ socket: Socket; text: () => string; closed: () => boolean }> {
  const socket = connect(proxy.port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  let closed = false;
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed = true;
  });
  socket.on('data', (bytes) => {
    text += bytes.toString();
  });
  await once(socket, 'connect');
  return { socket, text: () => text, closed: () => closed };
}

async function until(condition: () => boolean, withinMs = 3_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe('faultProxy', () => {
  it('passes both ways, and counts connections and bytes', async () => {
    const one = await client();
    one.socket.write('hello');
    await until(() => one.text() === '<hello>');
    expect(proxy.connections).toMatchObject({ open: 1, accepted: 1, refused: 0 });
    expect(proxy.bytes).toMatchObject({ toTarget: 5, toClient: 7 });
    one.socket.end();
    await until(() => proxy.connections.open === 0);
  });

  it('passes nothing in a blackhole, keeps the connection, and passes everything afterwards', async () => {
    const one = await client();
    one.socket.write('a');
    await until(() => one.text() === '<a>');
    proxy.set('blackhole');
    one.socket.write('b');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([received, one.text(), one.closed()]).toEqual([['a'], '<a>', false]);
    proxy.set('pass');
    await until(() => one.text() === '<a><b>');
  });

  it('loses replies but not requests, and cuts the connection that has lost one when it stops', async () => {
    const one = await client();
    const other = await client();
    proxy.set('drop-reply');
    one.socket.write('charge');
    await until(() => received.includes('charge'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([one.text(), one.closed()]).toEqual(['', false]);
    proxy.set('pass');
    await until(one.closed);
    other.socket.write('on');
    await until(() => other.text() === '<on>');
  });

  it('delays every reply by so long, and not one after the other', async () => {
    const one = await client();
    proxy.set({ delayMs: 300 });
    const startMs = performance.now();
    one.socket.write('a');
    await until(() => received.length === 1);
    one.socket.write('b');
    await until(() => one.text() === '<a><b>');
    const tookMs = performance.now() - startMs;
    expect(tookMs).toBeGreaterThanOrEqual(299);
    expect(tookMs).toBeLessThan(599);
  });

  it('lets delayed replies go at once when the delay is lifted', async () => {
    const one = await client();
    proxy.set({ delayMs: 600_000 });
    one.socket.write('a');
    await until(() => received.length === 1);
    proxy.set('pass');
    await until(() => one.text() === '<a>');
  });

  it('cuts a connection after so many bytes of replies, or instead of the first', async () => {
    const one = await client();
    proxy.set({ cutAfterBytes: 3 });
    one.socket.write('hello');
    await until(one.closed);
    expect(one.text()).toBe('<he');
    proxy.set({ cutAfterBytes: 0 });
    const other = await client();
    other.socket.write('hello');
    await until(other.closed);
    expect([other.text(), received]).toEqual(['', ['hello', 'hello']]);
  });

  it('refuses new connections and cuts live ones', async () => {
    const one = await client();
    proxy.set('refuse');
    await until(one.closed);
    const other = await client();
    await until(other.closed);
    expect(proxy.connections).toMatchObject({ open: 0, accepted: 2, refused: 1 });
    proxy.set('pass');
    const third = await client();
    third.socket.write('x');
    await until(() => third.text() === '<x>');
  });

  it('drips replies byte by byte, and lets the rest go when it stops', async () => {
    const one = await client();
    proxy.set({ dripMs: 250 });
    one.socket.write('hello');
    await until(() => one.text().length > 0);
    expect(one.text().length).toBeLessThan(7);
    proxy.set('pass');
    await until(() => one.text() === '<hello>');
  });

  it('cuts live connections when told to, and when it is closed', async () => {
    const one = await client();
    proxy.cut();
    await until(one.closed);
    const other = await client();
    const own = await faultProxy({ target: proxy.port });
    await own.close();
    other.socket.write('x');
    await until(() => other.text() === '<x>');
  });

  it('throws for a mode or an option that there is not', async () => {
    const wrong: unknown[] = ['slow', { delayMs: -1 }, { delayMs: 1.5 }, { delay: 3 }, { dripMs: 0 }, null];
    for (const mode of wrong) expect(() => proxy.set(mode as FaultMode)).toThrow(/faultProxy: "mode"/);
    const misspelt = { target: 1, modus: 'pass' };
    await expect(faultProxy(misspelt)).rejects.toThrow('faultProxy: unknown option "modus"');
  });
});
