import { describe, expect, it } from '@jest/globals';
import { bedrockGuardrail, lakera, openAiModeration, presidio } from '../../src/index.js';

describe('the options of moderation services', () => {
  it.each([
    ['openAiModeration: "apiKey" is required', () => openAiModeration({} as never)],
    [
      '"baseUrl" must be a URL with https:',
      () => openAiModeration({ apiKey: 'k', baseUrl: 'http://api.example.com/v1' }),
    ],
    ['"categories" must be', () => openAiModeration({ apiKey: 'k', categories: [] })],
    ['presidio: "url" is required', () => presidio({} as never)],
    ['"scoreThreshold" must be', () => presidio({ url: 'http://localhost:5002', scoreThreshold: 0 })],
    [
      '"apiKey" is required, or a "fetch" that signs',
      () => bedrockGuardrail({ region: 'us-west-2', guardrailId: 'g', guardrailVersion: '1' }),
    ],
    [
      '"guardrailVersion" must be',
      () =>
        bedrockGuardrail({ region: 'us-west-2', guardrailId: 'g', guardrailVersion: 'latest', apiKey: 'k' }),
    ],
    ['lakera: unknown option "project"', () => lakera({ apiKey: 'k', project: 'p' } as never)],
  ])('throw at start: %s', (message, make) => {
    expect(make).toThrow(message);
  });
});
