import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { contextOf, TollgateError, tollgateErrors } from '../../src/index.js';

const refusal = new TollgateError({ status: 402, code: 'budget_exceeded', message: 'The money is gone.' });

/** An app whose handler was refused a call, and throws what an SDK made of that. */
function appThrowing(thrown: unknown) {
  const app = express();
  app.post('/', (req, res, next) => {
    contextOf(req, res).refusal = refusal;
    next(thrown);
  });
  app.use(tollgateErrors({ others: 'answer' }));
  return app;
}

describe('tollgateErrors()', () => {
  it.each([
    ['OpenAI’s and Anthropic’s', { status: 402 }],
    ['the AI SDK’s', { statusCode: 402 }],
    ['the AI SDK’s after its retries', { name: 'AI_RetryError', lastError: { statusCode: 402 } }],
    ['one that wraps it', { cause: { cause: { statusCode: 402 } } }],
  ])('answers the recorded refusal for an error such as %s', async (_, error) => {
    const answer = await request(appThrowing(Object.assign(new Error('of an SDK'), error))).post('/');
    expect([answer.status, answer.body.error.code]).toEqual([402, 'budget_exceeded']);
  });

  it.each([
    ['of another status', { statusCode: 500 }],
    ['without one', {}],
  ])('does not take an error %s for the refusal', async (_, error) => {
    const answer = await request(appThrowing(Object.assign(new Error('of my own'), error))).post('/');
    expect([answer.status, answer.body.error.code]).toEqual([500, 'internal_error']);
  });

  it('survives an error that is its own cause', async () => {
    const error = new Error('round');
    error.cause = error;
    expect((await request(appThrowing(error)).post('/')).status).toBe(500);
  });
});
