import { pipeline, Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import express, { type Express } from 'express';
import { Agent, request } from 'undici';

/** The least that a proxy can do: body and answer are piped, nothing is read. By `undici.request`. */
export function undiciPassThrough(providerUrl: string): Express {
  const dispatcher = new Agent({ connections: 256 });
  const app = express();
  app.post('/v1/chat/completions', async (req, res, next) => {
    try {
      const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-provider' };
      const url = `${providerUrl}/v1/chat/completions`;
      const answer = await request(url, { method: 'POST', headers, body: req, dispatcher });
      res.status(answer.statusCode).setHeader('content-type', String(answer.headers['content-type']));
      pipeline(answer.body, res, () => {});
    } catch (error) {
      next(error);
    }
  });
  return app;
}

/** The same by the global `fetch`, with the body parsed, as one writes it. */
export function fetchPassThrough(providerUrl: string): Express {
  const app = express();
  app.post('/v1/chat/completions', express.json(), async (req, res, next) => {
    try {
      const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-provider' };
      const url = `${providerUrl}/v1/chat/completions`;
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(req.body) });
      res.status(answer.status).setHeader('content-type', answer.headers.get('content-type') ?? '');
      pipeline(Readable.fromWeb(answer.body as ReadableStream), res, () => {});
    } catch (error) {
      next(error);
    }
  });
  return app;
}
