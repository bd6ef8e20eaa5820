import { afterEach, describe, expect, it } from '@jest/globals';
import { contextOf, jsonBody, TollgateError } from '@tollgate/core';
import type { CallStep, ParsedCall, SettledCall, Writing } from '@tollgate/core/internal';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import request from 'supertest';
import { openai, type ProxyOptions, proxy } from '../src/index.js';
import { chat } from './journey.js';

let sim: SimulatedProvider;
afterEach(() => sim.close());

const estimate = {
  model: 'gpt-5-mini',
  inputTokens: 1,
  outputTokens: 1,
  inputNanoUsd: 1,
  outputNanoUsd: 1,
  costNanoUsd: 2,
  priceVersion: 'test',
  answers: 1,
  maxOutputTokens: 1,
  capStated: false,
};

/** A call as a meter leaves it: with a body of its own, that is sent in place of the client's. */
const parsedCall = (sent: object, url: string): ParsedCall => ({
  api: 'openai-chat',
  provider: 'openai',
  requestedModel: 'gpt-5-mini',
  model: 'gpt-5-mini',
  stream: false,
  withUsage: false,
  capField: 'max_tokens',
  estimate,
  priced: true,
  visible: true,
  estimateOf: () => estimate,
  apply: () => undefined,
  serialise: () => JSON.stringify(sent),
  url,
});

async function app(path: string, before: RequestHandler[], options: Partial<ProxyOptions> = {}) {
  sim = await simulateProvider();
  const provider = openai({ apiKey: 'sk-a', baseUrl: sim.openAiUrl });
  const made = express();
  made.post(path, jsonBody(), ...before, proxy({ provider, ...options }));
  return made;
}

describe('a request whose call is declared', () => {
  it('is that call: parsed once, covered once, and sent as it was priced', async () => {
    const log: string[] = [];
    const sent = { ...chat, max_completion_tokens: 7 };
    const step: CallStep = {
      name: 'meter',
      stage: 'parse',
      begin(call: Writing<SettledCall>) {
        log.push('parse');
        call.parsed = parsedCall(sent, call.outgoing.url);
      },
    };
    const declare: RequestHandler = (req, res, next) => {
      const { calls } = contextOf(req, res);
      calls.use(step);
      calls.use({
        name: 'budget',
        stage: 'cover',
        begin: (call) => void log.push(`cover ${call.outgoing.url}`),
      });
      const declared = calls.declare({ method: 'POST', url: req.originalUrl, headers: {}, body: req.body });
      Promise.resolve(declared).then(() => next(), next);
    };
    const made = await app('/v1/chat/completions', [declare]);
    await request(made).post('/v1/chat/completions').send(chat).expect(200);
    expect(log).toEqual(['parse', `cover ${sim.openAiUrl}/chat/completions`]);
    expect(sim.requests.map(({ body }) => body)).toEqual([sent]);
  });
});

describe('a request whose call is not declared', () => {
  it('keeps its own body, whatever a step writes to the outgoing one', async () => {
    let kept: unknown;
    const meddle: RequestHandler = (req, res, next) => {
      contextOf(req, res).calls.use({
        name: 'meddler',
        stage: 'inspect',
        begin: ({ outgoing }) => void Object.assign(Object(outgoing.body), { model: 'gpt-5' }),
        end: () => {
          kept = req.body.model;
        },
      });
      next();
    };
    const made = await app('/v1/chat/completions', [meddle]);
    await request(made).post('/v1/chat/completions').send(chat).expect(200);
    expect(sim.requests[0]?.model).toBe('gpt-5');
    expect(kept).toBe('gpt-5-mini');
  });

  it('is passed on from any route whose API the app states', async () => {
    const made = await app('/ask', [], { api: 'openai-chat' });
    await request(made).post('/ask?x=1').send(chat).expect(200);
    expect(sim.requests.map(({ url }) => url)).toEqual(['/v1/chat/completions']);
  });
});

describe('a refusal', () => {
  it('is handed to the app with refusals: next', async () => {
    const handed: unknown[] = [];
    const made = await app('/v1/chat/completions', [], { refusals: 'next' });
    const teapot: ErrorRequestHandler = (error, _req, res, _next) => {
      handed.push(error.code);
      res.status(418).end();
    };
    made.use(teapot);
    sim.queue({ status: 500 });
    await request(made).post('/v1/chat/completions').send(chat).expect(418);
    expect(handed).toEqual(['upstream_error']);
  });

  it('has the shape that the app asks for', async () => {
    const made = await app('/v1/chat/completions', [], { errorFormat: 'problem' });
    sim.queue({ status: 503 });
    const { headers, body } = await request(made).post('/v1/chat/completions').send(chat).expect(503);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ status: 503, code: 'upstream_unavailable' });
  });

  it('of a guard that stops the request while its call runs reaches the client', async () => {
    const stop: RequestHandler = (req, res, next) => {
      const context = contextOf(req, res);
      context.calls.use({
        name: 'watch',
        stage: 'switch',
        response: () =>
          context.abort(new TollgateError({ status: 403, code: 'switched_off', message: 'Switched off.' })),
      });
      next();
    };
    const made = await app('/v1/chat/completions', [stop]);
    const { body } = await request(made).post('/v1/chat/completions').send(chat).expect(403);
    expect(body).toMatchObject({ error: { code: 'switched_off' } });
  });
});
