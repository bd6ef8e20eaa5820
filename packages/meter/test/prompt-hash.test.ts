import { describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { callbackSink, meter, runWith } from '../src/index.js';
import { promptHash } from '../src/requests/prompt-hash.js';
import { caller } from './metered-app.js';

const secret = 'a secret of sixteen';
const body = { model: 'gpt-5', messages: [{ role: 'user', content: 'What is our refund policy?' }] };

describe('the hash of a prompt', () => {
  it('is the same for the same prompt, whatever the model, caps and metadata', () => {
    const hash = promptHash(secret, 'acme', body);
    expect(hash).toMatch(/^[\w-]{22}$/);
    expect(
      promptHash(secret, 'acme', { ...body, model: 'gpt-5-mini', max_tokens: 5, user: 'u1', stream: true }),
    ).toBe(hash);
  });

  it('differs for another prompt, another tenant and another secret', () => {
    const hashes = [
      promptHash(secret, 'acme', body),
      promptHash(secret, 'globex', body),
      promptHash('another secret of ours', 'acme', body),
      promptHash(secret, 'acme', { ...body, system: 'Be brief.' }),
      promptHash(secret, 'acme', { input: 'What is our refund policy?' }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('is none where there is no prompt', () => {
    for (const none of [
      undefined,
      null,
      [],
      'text',
      {},
      { model: 'gpt-5' },
      JSON.parse('{"__proto__":{"input":"x"}}'),
    ]) {
      expect(promptHash(secret, 'acme', none)).toBeUndefined();
    }
  });

  it('is on the usage event where the app asks for it, and no text is', async () => {
    const events: UsageEvent[] = [];
    const answer = {
      id: 'x',
      model: 'gpt-5',
      choices: [],
      usage: { prompt_tokens: 9, completion_tokens: 1 },
    };
    for (const options of [{ promptHashSecret: secret }, {}]) {
      await runWith(
        caller,
        ({ fetch }) =>
          fetch('https://api.openai.com/v1/chat/completions', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          }).then((response) => response.text()),
        {
          ...options,
          fetch: async () => Response.json(answer),
          sinks: [callbackSink((event) => void events.push(event))],
        },
      );
    }
    expect(events.map((event) => event.promptHash)).toEqual([promptHash(secret, 'acme', body), undefined]);
    expect(JSON.stringify(events)).not.toContain('refund');
  });

  it('needs a secret that cannot be guessed', () => {
    expect(() => meter({ promptHashSecret: 'short' })).toThrow(
      '"promptHashSecret" must be a secret of at least 16 characters',
    );
  });
});
