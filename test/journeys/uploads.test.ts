import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import OpenAI from 'openai';
import { openai } from 'tollgate';
import { type RunningApp, startApp } from './running-app.js';

let app: RunningApp;
afterEach(() => app.close());

/** An app whose handler reads an uploaded text and asks a model about it. */
async function start(skip: boolean): Promise<void> {
  app = await startApp({
    plan: { spend: '$0.01/day' },
    options: skip ? { jsonBody: { skip: (req) => req.path === '/resume' } } : {},
    routes: (routes, tg, provider) => {
      const sdk = new OpenAI({ apiKey: 'a', baseURL: provider.openAiUrl, fetch: tg.fetch, maxRetries: 0 });
      routes.post(
        '/resume',
        express.text({ type: 'multipart/form-data', limit: '1mb' }),
        async (req, res) => {
          const messages = [{ role: 'user' as const, content: String(req.body) }];
          const { choices } = await sdk.chat.completions.create({ model: 'gpt-5-mini', messages });
          res.json({ text: choices[0]?.message.content });
        },
      );
      routes.post(
        '/v1/chat/completions',
        tg.proxy({ provider: openai({ apiKey: 'a', baseUrl: provider.openAiUrl }) }),
      );
    },
  });
}

async function upload(
  text: string,
  path = '/resume',
  type?: string,
): Promise<{ status: number; code: unknown }> {
  const form = new FormData();
  form.set('file', new Blob([text]), 'resume.txt');
  const headers = { authorization: `Bearer ${app.key}`, ...(type && { 'content-type': type }) };
  const answer = await fetch(app.url + path, { method: 'POST', headers, body: type ? text : form });
  const body = (await answer.json()) as { error?: { code: string } };
  return { status: answer.status, code: body.error?.code };
}

describe('an upload', () => {
  it('passes the guards where the app says so, and the call about it is charged', async () => {
    await start(true);
    expect(await upload('Ten years of gardening.')).toEqual({ status: 200, code: undefined });
    await app.settled();
    expect(app.events).toMatchObject([{ model: 'gpt-5-mini', tenant: 'acme' }]);
    expect((await app.money()).used).toBeGreaterThan(0);
  });

  it('whose text alone costs more than the budget is refused at the call, before the provider is asked', async () => {
    await start(true);
    expect((await upload('word '.repeat(30_000))).status).toBeGreaterThanOrEqual(400);
    expect(app.provider.requests).toHaveLength(0);
    expect(await app.money()).toEqual({ used: 0, held: 0 });
  });

  it('is refused with 415 on other routes, and where the app does not say so', async () => {
    await start(true);
    expect(await upload('x', '/v1/chat/completions')).toEqual({
      status: 415,
      code: 'unsupported_media_type',
    });
    await app.close();
    await start(false);
    expect(await upload('x')).toEqual({ status: 415, code: 'unsupported_media_type' });
  });

  it.each(['audio/transcriptions', 'files', 'images/edits'])(
    "to a provider's route that is not metered is refused for that: %s",
    async (route) => {
      await start(false);
      const form = new FormData();
      form.set('file', new Blob(['RIFF']), 'speech.wav');
      const headers = { authorization: `Bearer ${app.key}` };
      const answer = await fetch(`${app.url}/v1/${route}`, { method: 'POST', headers, body: form });
      const { error } = (await answer.json()) as { error: { message: string } };
      expect(answer.status).toBe(400);
      expect(error.message).toContain(`route "${route.split('/')[0]}" is not metered`);
      expect(app.provider.requests).toHaveLength(0);
    },
  );

  it('in JSON is checked as on every route', async () => {
    await start(true);
    expect(await upload('{"a":1,"a":2}', '/resume', 'application/json')).toMatchObject({ status: 400 });
  });
});
