import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import express, { type Response } from 'express';
import { memoryKeys, memoryQuota, type Tollgate, type TollgateOptions, tollgate } from '../src/index.js';

const plans = { free: { concurrent: 5 }, pro: { priority: 10 } };

async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('tollgate({ concurrency })', () => {
  const keys = memoryKeys();
  const keyOf = {
    free: keys.create({ tenant: 'acme', plan: 'free' }).key,
    pro: keys.create({ tenant: 'payer', plan: 'pro' }).key,
  };
  const opened: { close(): void }[] = [];
  afterEach(() => {
    for (const server of opened.splice(0)) server.close();
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
    const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/work`;
    const send = (plan: keyof typeof keyOf, body = '{}') =>
      fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${keyOf[plan]}`, 'content-type': 'application/json' },
        body,
      });
    return { tg, held, send };
  };

  it('lets requests wait before their bodies are read, paying ones in front', async () => {
    const { tg, held, send } = await serve({});
    const answers = [send('free')];
    await until(() => held.length === 1);
    answers.push(send('free', 'no JSON at all'));
    await until(() => tg.concurrency?.waiting === 1);
    answers.push(send('pro'));
    await until(() => tg.concurrency?.waiting === 2);
    held[0]?.res.json({});
    await until(() => held.length === 2);
    expect(held[1]?.plan).toBe('pro');
    held[1]?.res.json({});
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 400, 200]);
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
