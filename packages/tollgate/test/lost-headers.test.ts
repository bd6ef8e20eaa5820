import { once } from 'node:events';
import { request as ask, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { authenticate } from '@tollgate/auth';
import { jsonBody, tollgateErrors } from '@tollgate/core';
import { meter } from '@tollgate/meter';
import express, { type RequestHandler } from 'express';
import { memoryKeys, subscribe, tollgate } from '../src/index.js';

const keys = memoryKeys();
const { key } = keys.create({ tenant: 'acme', plan: 'free' });
const text = JSON.stringify({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'hi' }] });

describe('a request with more header fields than Node keeps', () => {
  const warnings: unknown[] = [];
  const stop = subscribe('tollgate:warning', ({ code }) => warnings.push(code));
  const tg = tollgate({ plans: { free: { spend: '$1/day' } }, keys });
  let server: Server;
  beforeAll(async () => {
    const answer: RequestHandler = (_req, res) => void res.json({});
    const app = express();
    app.post('/v1/chat/completions', tg.guards(), answer);
    app.post('/authenticate', authenticate({ keys }), answer);
    app.post('/body', jsonBody(), answer);
    app.post('/meter/v1/chat/completions', express.json(), meter(), answer);
    app.use(tollgateErrors());
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(async () => {
    stop();
    server.close();
    await tg.close();
  });

  /** Asks with so many fields in all, those that matter at the end. */
  async function answerOf(path: string, fields: number): Promise<{ status: number; body: string }> {
    const last = [
      'Authorization',
      `Bearer ${key}`,
      'Content-Type',
      'application/json',
      'Content-Length',
      `${text.length}`,
    ];
    const first = ['Host', 'a', 'Connection', 'close'];
    const fill = Array.from({ length: fields - 5 }, (_, n) => [`a${n.toString(36)}`, '']).flat();
    const { port } = server.address() as AddressInfo;
    const sent = ask({ port, path, method: 'POST', headers: [...first, ...fill, ...last], agent: false });
    sent.end(text);
    const [response] = await once(sent, 'response');
    let body = '';
    for await (const chunk of response) body += chunk;
    return { status: response.statusCode, body };
  }

  it.each(['/v1/chat/completions', '/authenticate', '/body', '/meter/v1/chat/completions'])(
    'is told so on %s, with 431 and without a warning; one with as many as it keeps is served',
    async (path) => {
      expect(await answerOf(path, 1_000)).toMatchObject({ status: 200 });
      for (const fields of [1_001, 1_500, 1_900]) {
        const { status, body } = await answerOf(path, fields);
        expect(status).toBe(431);
        // From Node 24 on some versions refuse it themselves, without a body.
        if (body === '') continue;
        const { error } = JSON.parse(body);
        expect(error).toMatchObject({
          code: 'request_too_large',
          message: 'The request has more than 1000 header fields.',
        });
      }
      expect(warnings).toEqual([]);
    },
  );
});
