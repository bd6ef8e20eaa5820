import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApp, type FairApp } from '../src/app.js';
import { rush, steady } from '../src/rush.js';

let one: FairApp;
let url: string;
let close: () => Promise<void>;
beforeAll(async () => {
  one = createApp(20);
  const server = createServer(one.app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = async () => {
    server.close();
    server.closeAllConnections();
    await one.tg.close({ graceMs: 500 });
  };
});
afterAll(() => close());

describe('free and paid traffic in one queue', () => {
  it('lets paid requests wait less in a rush, and answers all of them', async () => {
    let resume: () => void = () => undefined;
    one.provider.standstill = new Promise((resolve) => {
      resume = resolve;
    });
    const rushing = rush(url, one.keys, { free: 100, pro: 30 });
    // However slowly they arrive, the queue decides between all of them.
    while ((one.tg.concurrency?.waiting ?? 0) < 110) await delay(10);
    resume();
    const [free, pro] = await rushing;
    expect([free?.answered, pro?.answered]).toEqual([100, 30]);
    expect(pro?.median ?? 0).toBeLessThan(free?.median ?? 0);
    expect(pro?.longest ?? 0).toBeLessThan(free?.longest ?? 0);
  }, 150_000);

  it('lets fewer requests in at once while the provider is slow', async () => {
    one.provider.takesMs = 60;
    const limits: number[] = [];
    const look = (): void => void limits.push(one.tg.concurrency?.limit ?? 0);
    await steady(url, one.keys.pro, { inFlight: 30, forMs: 2_000, look });
    const healthy = one.tg.concurrency?.limit ?? 0;
    one.provider.takesMs = 600;
    limits.length = 0;
    await steady(url, one.keys.pro, { inFlight: 30, forMs: 4_000, look });
    expect(Math.min(...limits)).toBeLessThan(healthy);
  }, 150_000);
});
