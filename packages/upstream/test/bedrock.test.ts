import { afterEach, describe, expect, it } from '@jest/globals';
import { bedrock } from '../src/index.js';
import { chat, type Journey, journey } from './journey.js';

let app: Journey | undefined;
afterEach(() => app?.close());

describe("Bedrock's OpenAI-compatible endpoint", () => {
  it('is called in its region, with its own names of models and a bearer key', async () => {
    expect(bedrock({ region: 'us-west-2', apiKey: 'k' }).baseUrl).toBe(
      'https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1',
    );
    app = await journey({
      providers: (sim) => [bedrock({ region: 'us-west-2', apiKey: 'sk-the-app', baseUrl: sim.openAiUrl })],
    });
    const answer = await app.post('/v1/chat/completions', { ...chat, model: 'openai.gpt-oss-120b-1:0' });
    expect(answer.status).toBe(200);
    expect(app.sim.requests).toMatchObject([
      { model: 'openai.gpt-oss-120b-1:0', url: '/v1/chat/completions' },
    ]);
    expect(app.sim.requests[0]?.headers.authorization).toBe('Bearer sk-the-app');
  });

  it('is checked at start', () => {
    expect(() => bedrock({ region: 'evil.example/', apiKey: 'k' })).toThrow(
      'bedrock: "region" must be an AWS region such as "us-west-2", received "evil.example/"',
    );
    expect(() => bedrock({ region: 'us-west-2' })).toThrow('bedrock: "apiKey" is required');
  });
});
