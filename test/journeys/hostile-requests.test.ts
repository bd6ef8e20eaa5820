import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningApp, startApp } from './running-app.js';

const messages = [{ role: 'user', content: 'hi' }];
const chat = { model: 'gpt-5-mini', messages };
const claude = { model: 'claude-haiku-4-5', max_tokens: 10, messages };

/** What a hostile client sends: path, body, and the code and parameter that it is refused with. */
type Row = [what: string, path: string, body: unknown, code: string, param: string];
const chatRow = (what: string, more: object, code: string, param: string): Row => [
  what,
  '/v1/chat/completions',
  { ...chat, ...more },
  code,
  param,
];
const claudeRow = (what: string, more: object, code: string, param: string): Row => [
  what,
  '/v1/messages',
  { ...claude, ...more },
  code,
  param,
];

describe('a hostile request reaches no provider and is charged nothing', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp({ plan: { spend: '$1/day', maxOutputTokens: 1_000 } });
  });
  afterAll(() => app.close());

  it.each<Row>([
    chatRow(
      'a small cap beside a large one',
      { max_tokens: 1, max_completion_tokens: 100_000 },
      'invalid_value',
      'max_completion_tokens',
    ),
    chatRow(
      'a large cap beside a small one',
      { max_tokens: 100_000, max_completion_tokens: 1 },
      'invalid_value',
      'max_tokens',
    ),
    chatRow('a cap of 0', { max_completion_tokens: 0 }, 'invalid_value', 'max_completion_tokens'),
    chatRow('a negative cap', { max_completion_tokens: -1 }, 'invalid_value', 'max_completion_tokens'),
    chatRow('a cap in a string', { max_completion_tokens: '5' }, 'invalid_value', 'max_completion_tokens'),
    chatRow('half a token', { max_completion_tokens: 0.5 }, 'invalid_value', 'max_completion_tokens'),
    chatRow('a cap of true', { max_completion_tokens: true }, 'invalid_value', 'max_completion_tokens'),
    chatRow('a cap in an array', { max_completion_tokens: [5] }, 'invalid_value', 'max_completion_tokens'),
    chatRow('a cap above 2^53', { max_completion_tokens: 2 ** 60 }, 'invalid_value', 'max_completion_tokens'),
    chatRow('a thousand answers', { n: 1_000 }, 'invalid_value', 'n'),
    chatRow('minus one answer', { n: -1 }, 'invalid_value', 'n'),
    chatRow('a model in an array', { model: ['gpt-5-mini'] }, 'invalid_value', 'model'),
    chatRow('a model in an object', { model: { name: 'gpt-5-mini' } }, 'invalid_value', 'model'),
    chatRow('a model with a space', { model: 'gpt-5-mini ' }, 'invalid_value', 'model'),
    chatRow('a model of look-alikes', { model: 'gрt-5-mini' }, 'invalid_value', 'model'),
    chatRow('a model without a price', { model: 'gpt-free' }, 'model_not_priced', 'model'),
    chatRow('a base URL of its own', { api_base: 'http://127.0.0.1:1' }, 'unsupported_parameter', 'api_base'),
    chatRow('a key of its own', { api_key: 'sk-x' }, 'unsupported_parameter', 'api_key'),
    chatRow('fallbacks', { fallbacks: ['gpt-5-pro'] }, 'unsupported_parameter', 'fallbacks'),
    chatRow('headers', { extra_headers: { a: 'b' } }, 'unsupported_parameter', 'extra_headers'),
    chatRow('a field nobody knows', { quantum: true }, 'unsupported_parameter', 'quantum'),
    chatRow(
      'an image by URL',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }] },
        ],
      },
      'unsupported_parameter',
      'messages[0].content[0].image_url.url',
    ),
    [
      'an earlier response',
      '/v1/responses',
      { model: 'gpt-5-mini', input: 'hi', previous_response_id: 'resp_1' },
      'unsupported_parameter',
      'previous_response_id',
    ],
    [
      'a conversation',
      '/v1/responses',
      { model: 'gpt-5-mini', input: 'hi', conversation: 'conv_1' },
      'unsupported_parameter',
      'conversation',
    ],
    [
      'a response in the background',
      '/v1/responses',
      { model: 'gpt-5-mini', input: 'hi', background: true },
      'unsupported_parameter',
      'background',
    ],
    ['a model in the query', '/v1/chat/completions?model=gpt-5-pro', chat, 'invalid_value', 'model'],
    claudeRow('a cap in a string for Anthropic', { max_tokens: '10' }, 'invalid_value', 'max_tokens'),
    claudeRow(
      'a file by id',
      {
        messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'f' } }] }],
      },
      'unsupported_parameter',
      'messages[0].content[0].source.file_id',
    ),
  ])('%s', async (_what, path, body, code, param) => {
    const answer = await fetch(app.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${app.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    const { error }: { error: { code: string; param: string } } = JSON.parse(await answer.text());
    expect([error.code, error.param]).toEqual([code, param]);
    expect(app.provider.requests).toHaveLength(0);
    expect(await app.money()).toEqual({ used: 0, held: 0 });
    expect(app.events).toHaveLength(0);
  });

  it('routes that cost money and cannot be metered', async () => {
    for (const path of [
      '/v1/images/generations',
      '/v1/batches',
      '/v1/files',
      '/v1/audio/speech',
      '/v1/fine_tuning/jobs',
    ]) {
      const answer = await fetch(app.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${app.key}`, 'content-type': 'application/json' },
        body: '{}',
      });
      expect([path, answer.status]).toEqual([path, 400]);
    }
    expect(app.provider.requests).toHaveLength(0);
  });
});
