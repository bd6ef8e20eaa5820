import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import { afterEach, describe, expect, it } from '@jest/globals';
import OpenAI, { AzureOpenAI } from 'openai';
import { createKey, memoryKeys } from '../src/index.js';
import { appWith, versions } from './app.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

for (const [version, create] of versions) {
  /** Where the app listens, and how many requests it has had. */
  const start = async () => {
    const keys = memoryKeys();
    const { key } = keys.create({ tenant: 'acme', plan: 'pro' });
    const app = create();
    const seen = { requests: 0 };
    app.use((_req, _res, next) => {
      seen.requests += 1;
      next();
    });
    app.use(appWith({ keys }, create));
    const server = await new Promise<Server>((resolve) => {
      const listening: Server = app.listen(0, '127.0.0.1', () => resolve(listening));
    });
    servers.push(server);
    return { key, seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  };
  const prompt = [{ role: 'user' as const, content: 'hi' }];

  describe(`official clients against ${version}`, () => {
    it('OpenAI: a good key comes in, a wrong one is told so once, in words', async () => {
      const { key, seen, url } = await start();
      const client = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${url}/v1` });
      expect(await client(key).chat.completions.create({ model: 'm', messages: prompt })).toMatchObject({
        caller: { tenant: 'acme' },
      });
      seen.requests = 0;
      const refused = client(createKey().key).chat.completions.create({ model: 'm', messages: prompt });
      await expect(refused).rejects.toMatchObject({
        constructor: OpenAI.AuthenticationError,
        status: 401,
        code: 'invalid_api_key',
        type: 'authentication_error',
        message: '401 The API key is not valid.',
      });
      expect(seen.requests).toBe(1);
    });

    it('Azure OpenAI: its api-key header is understood', async () => {
      const { key, url } = await start();
      const client = new AzureOpenAI({ apiKey: key, baseURL: `${url}/v1/openai`, apiVersion: '2024-10-21' });
      expect(await client.chat.completions.create({ model: 'm', messages: prompt })).toMatchObject({
        caller: { tenant: 'acme' },
      });
    });

    it('Anthropic: key and bearer token come in, a wrong key is told so in its own shape', async () => {
      const { key, seen, url } = await start();
      const ask = { model: 'm', max_tokens: 1, messages: prompt };
      for (const credential of [
        { apiKey: key, authToken: null },
        { apiKey: null, authToken: key },
      ]) {
        const client = new Anthropic({ ...credential, baseURL: url });
        expect(await client.messages.create(ask)).toMatchObject({ caller: { tenant: 'acme' } });
      }
      seen.requests = 0;
      const client = new Anthropic({ apiKey: createKey().key, authToken: null, baseURL: url });
      const error = await client.messages.create(ask).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(Anthropic.AuthenticationError);
      expect(error).toMatchObject({
        status: 401,
        error: {
          type: 'error',
          error: { type: 'authentication_error', message: 'The API key is not valid.' },
        },
      });
      expect(seen.requests).toBe(1);
    });
  });
}
