import { once } from 'node:events';
import { request, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { onlyFromHere } from '../src/only-from-here.js';

describe('onlyFromHere', () => {
  let server: Server;
  let port = 0;
  beforeAll(async () => {
    const app = express();
    app.get('/metrics', onlyFromHere, (_req, res) => void res.send('figures'));
    app.get('/metrics', (_req, res) => void res.status(401).end());
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    port = typeof address === 'object' && address ? address.port : 0;
  });
  afterAll(() => void server.close());
  const statusOf = (headers: Record<string, string>): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path: '/metrics', headers, agent: false }, (res) => {
        res.resume();
        resolve(res.statusCode);
      })
        .on('error', reject)
        .end();
    });

  it('lets through who asks directly, by a name of this machine', async () => {
    for (const host of ['localhost', `localhost:${port}`, '127.0.0.1:9090', '[::1]', '[::1]:3000'])
      expect([host, await statusOf({ host })]).toEqual([host, 200]);
  });

  it('leaves to the next route what a reverse proxy has passed on', async () => {
    for (const name of [
      'Forwarded',
      'Via',
      'X-Forwarded-For',
      'X-Forwarded-Host',
      'X-Forwarded-Proto',
      'X-Real-IP',
      'X-Client-IP',
      'True-Client-IP',
      'CF-Connecting-IP',
    ]) {
      expect([name, await statusOf({ host: 'localhost', [name]: '203.0.113.7' })]).toEqual([name, 401]);
    }
  });

  it("leaves to the next route what has so many headers that a proxy's may have been dropped", async () => {
    // Node refuses very many itself (431) from version 24 on.
    for (const [count, expected] of [
      [90, [200]],
      [110, [401]],
      [1_500, [401, 431]],
    ] as const) {
      const many = Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, '1']));
      const forwarded = await statusOf({ host: 'localhost', ...many, 'X-Forwarded-For': '203.0.113.7' });
      expect(count > 1_000 ? [401, 431] : [401]).toContain(forwarded);
      expect(expected).toContain(await statusOf({ host: 'localhost', ...many }));
    }
  });

  it('leaves to the next route what was asked by another name that leads here', async () => {
    for (const host of ['rebound.example', 'localhost.example', '127.0.0.1.example:3000', 'x@localhost'])
      expect([host, await statusOf({ host })]).toEqual([host, 401]);
  });
});
