import { describe, expect, it } from '@jest/globals';
import { formatError, formatErrorEvent } from '../../src/http/error-format.js';
import { isTollgateError, TollgateError } from '../../src/lib/tollgate-error.js';

const broke = new TollgateError({
  status: 402,
  code: 'budget_exceeded',
  message: 'Money is gone.',
  retryAfterMs: false,
});

describe('a refusal', () => {
  it("has OpenAI's shape", () => {
    expect(JSON.parse(formatError(broke, 'openai', 'r1').body)).toEqual({
      error: { message: 'Money is gone.', type: 'insufficient_quota', param: null, code: 'budget_exceeded' },
      request_id: 'r1',
    });
  });

  it("has Anthropic's shape", () => {
    expect(JSON.parse(formatError(broke, 'anthropic', 'r1').body)).toEqual({
      type: 'error',
      error: { type: 'billing_error', message: 'Money is gone.', code: 'budget_exceeded', param: null },
      request_id: 'r1',
    });
  });

  it.each([
    [401, 'authentication_error'],
    [402, 'billing_error'],
    [403, 'permission_error'],
    [404, 'not_found_error'],
    [413, 'request_too_large'],
    [429, 'rate_limit_error'],
    [503, 'overloaded_error'],
    [422, 'invalid_request_error'],
    [502, 'api_error'],
  ])("tells Anthropic's type of %d", (status, type) => {
    const error = new TollgateError({ status, code: 'invalid_value', message: 'x' });
    expect(JSON.parse(formatError(error, 'anthropic', 'r1').body).error.type).toBe(type);
  });

  it('has the shape of problem+json', () => {
    const { contentType, body } = formatError(broke, 'problem', 'r1');
    expect(contentType).toBe('application/problem+json; charset=utf-8');
    expect(JSON.parse(body)).toMatchObject({
      status: 402,
      title: 'budget_exceeded',
      detail: 'Money is gone.',
    });
  });

  it("has Gemini's shape", () => {
    expect(JSON.parse(formatError(broke, 'gemini', 'r1').body).error).toMatchObject({
      code: 402,
      status: 'RESOURCE_EXHAUSTED',
      details: [{ reason: 'budget_exceeded' }],
    });
  });

  it('is one event in a stream', () => {
    expect(formatErrorEvent(broke, 'openai', 'r1')).toMatch(/^data: \{"error":.*\}\n\n$/);
    expect(formatErrorEvent(broke, 'anthropic', 'r1')).toMatch(
      /^event: error\ndata: \{"type":"error".*\}\n\n$/,
    );
  });

  it('says when to come back, and that waiting is of no use', () => {
    const soon = new TollgateError({
      status: 429,
      code: 'rate_limit_exceeded',
      message: 'x',
      retryAfterMs: 1500,
    });
    expect(soon.headers).toEqual({ 'Retry-After': '2', 'retry-after-ms': '1500', 'x-should-retry': 'true' });
    expect(soon.retryAfterSeconds).toBe(2);
    expect(broke.headers).toEqual({ 'x-should-retry': 'false' });
  });

  it('is recognised across two copies of core', () => {
    expect(isTollgateError({ [Symbol.for('tollgate.error')]: true })).toBe(true);
    expect(isTollgateError(new Error('x'))).toBe(false);
    expect(isTollgateError(null)).toBe(false);
  });
});
