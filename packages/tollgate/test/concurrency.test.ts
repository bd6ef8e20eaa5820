import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import express, { type Response } from 'express';
import { memoryKeys, memoryQuota, type Tollgate, type TollgateOptions, tollgate } from '../src/index.js';

const plans = { free: { concurrent: 5 }, pro: { priority: 10 } };

async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** A request whose body never ends, once the server has taken its headers up: Node says 100 as it hands the request over. */
async function halfSent(port: number, key: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  socket.write(
    `POST /work HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nExpect: 100-continue\r\n` +
      'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{',
  );
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toContain('100 Continue');
  return socket;
}

describe('tollgate({ concurrency })', () => {
  const keys = memoryKeys();
  const keyOf = {
    free: keys.create({ tenant: 'acme', plan: 'free' }).key,
    pro: keys.create({ tenant: 'payer', plan: 'pro' }).key,
  };
  const opened: Server[] = [];
  afterEach(() => {
    for (const server of opened.splice(0)) server.close().closeAllConnections();
  });
  const serve = async (more: Partial<TollgateOptions>) => {
    const tg: Tollgate = tollgate({ plans, keys, concurrency: { limit: 1 }, ...more });
    const held: { plan: string; res: Response }[] = [];
    const app = express();
    app.use(tg.guards());
    app.post('/work', (req, res) => void held.push({ plan: req.tollgate.caller?.plan ?? '', res }));
    app.use(tg.errors());
    const server = app.listen(0, '127.0.0.1');
    opened.push(server);
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const url = `http://127.0.0.1:${port}/work`;
    const send = (plan: keyof typeof keyOf, body = '{}') =>
      fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${keyOf[plan]}`, 'content-type': 'application/json' },
        body,
      });
    return { tg, held, send, port };
  };

  it('does not count requests that its queue refuses against the rate limit', async () => {
    const { tg, held, send } = await serve({
      plans: { free: { requests: '3/min' }, pro: {} },
      concurrency: { limit: 1, queue: { size: 1 } },
    });
    const first = send('free');
    await until(() => held.length === 1);
    const second = send('free');
    await until(() => tg.concurrency?.waiting === 1);
    for (let asked = 0; asked < 5; asked += 1) {
      const refused = await send('free');
      expect(refused.status).toBe(503);
      expect(await refused.json()).toMatchObject({ error: { code: 'queue_full' } });
    }
    held[0]?.res.json({});
    await until(() => held.length === 2);
    held[1]?.res.json({});
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    const third = send('free');
    await until(() => held.length === 3);
    held[2]?.res.json({});
    expect([(await third).status, (await send('free')).status]).toEqual([200, 429]);
    await tg.close({ graceMs: 500 });
  });

  it('lets requests wait once their bodies are read, paying ones in front', async () => {
    const { tg, held, send } = await serve({});
    const answers = [send('free')];
    await until(() => held.length === 1);
    expect((await send('free', 'no JSON at all')).status).toBe(400);
    answers.push(send('free'));
    await until(() => tg.concurrency?.waiting === 1);
    answers.push(send('pro'));
    await until(() => tg.concurrency?.waiting === 2);
    held[0]?.res.json({});
    await until(() => held.length === 2);
    expect(held[1]?.plan).toBe('pro');
    held[1]?.res.json({});
    await until(() => held.length === 3);
    held[2]?.res.json({});
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
    await until(() => tg.concurrency?.running === 0);
    await tg.close();
  });

  it('keeps nobody waiting for the slow bodies of another key', async () => {
    const { tg, held, send, port } = await serve({ concurrency: { limit: 3, queue: false } });
    const slow = await Promise.all(Array.from({ length: 10 }, () => halfSent(port, keyOf.free)));
    expect(tg.concurrency?.running).toBe(0);
    const answer = send('pro');
    await until(() => held.length === 1);
    held[0]?.res.json({});
    expect((await answer).status).toBe(200);
    for (const socket of slow) socket.write('}');
    // Of three places, one tenant gets two while others are around.
    await until(() => held.length === 3);
    for (const socket of slow) socket.destroy();
    await until(() => tg.concurrency?.running === 0);
    await tg.close();
  });

  it('turns away who waits when the app ends, and lets the others finish', async () => {
    const { tg, held, send } = await serve({});
    const first = send('free');
    await until(() => held.length === 1);
    const waiter = send('pro');
    await until(() => tg.concurrency?.waiting === 1);
    const closing = tg.close();
    const turnedAway = await waiter;
    expect(turnedAway.status).toBe(503);
    expect(await turnedAway.json()).toMatchObject({ error: { code: 'shutting_down' } });
    held[0]?.res.json({});
    expect((await first).status).toBe(200);
    await closing;
  });

  it('counts the places of all apps that share a store', async () => {
    const store = memoryQuota();
    const one = await serve({ store });
    const other = await serve({ store });
    const first = one.send('free');
    await until(() => one.held.length === 1);
    const second = other.send('pro');
    await until(() => other.tg.concurrency?.waiting === 1);
    one.held[0]?.res.json({});
    await until(() => other.held.length === 1);
    other.held[0]?.res.json({});
    expect((await Promise.all([first, second])).map(({ status }) => status)).toEqual([200, 200]);
    await one.tg.close();
  });

  it('says what batch() needs, and which option is wrong', () => {
    expect(() => tollgate({ plans, keys }).batch()).toThrow('batch() needs the option "concurrency"');
    expect(tollgate({ plans, keys, concurrency: { limit: 5 } }).batch()).toBeInstanceOf(Function);
    expect(() => tollgate({ plans, keys, concurrency: { limit: -1 } })).toThrow(
      'concurrency: "limit" must be',
    );
  });
});
