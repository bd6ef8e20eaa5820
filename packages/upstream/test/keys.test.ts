import { afterEach, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { openai, resilience } from '../src/index.js';
import { chat, type Journey, journey } from './journey.js';

let app: Journey | undefined;
afterEach(() => app?.close());

const keyed = (apiKeys: (string | { key: string; weight: number })[]) =>
  journey({
    resilience: resilience({ retries: { baseMs: 1 } }),
    providers: (sim) => [openai({ apiKeys, baseUrl: sim.openAiUrl })],
  });
const usedKeys = ({ sim }: Journey): unknown[] => sim.requests.map(({ headers }) => headers.authorization);

describe('several keys at one provider', () => {
  it('take turns by their weights', async () => {
    app = await keyed([{ key: 'sk-the-app', weight: 1 }, 'sk-other']);
    app.sim.script({ firstByteDelayMs: 30 });
    await Promise.all(Array.from({ length: 8 }, () => app?.post('/v1/chat/completions', chat)));
    expect(usedKeys(app).filter((key) => key === 'Bearer sk-the-app')).toHaveLength(4);
  });

  it('one that is refused rests, an alert is published, and the client notices nothing', async () => {
    app = await keyed(['sk-revoked', 'sk-the-app']);
    const alerts: unknown[] = [];
    const unsubscribe = subscribe('tollgate:upstream', (facts) => void alerts.push(facts.credential_refused));
    const statuses: number[] = [];
    for (let call = 0; call < 4; call += 1)
      statuses.push((await app.post('/v1/chat/completions', chat)).status);
    unsubscribe();
    expect(statuses).toEqual([200, 200, 200, 200]);
    expect(usedKeys(app).filter((key) => key === 'Bearer sk-revoked')).toHaveLength(1);
    expect(alerts.filter(Boolean)).toHaveLength(1);
  });

  it('one that is limited rests as long as the provider says, while the others serve', async () => {
    app = await keyed(['sk-the-app', 'sk-other']);
    app.sim.script((request) =>
      request.headers.authorization === 'Bearer sk-the-app' ? { status: 429, retryAfterSeconds: 30 } : {},
    );
    for (let call = 0; call < 5; call += 1) {
      expect((await app.post('/v1/chat/completions', chat)).status).toBe(200);
    }
    expect(usedKeys(app).filter((key) => key === 'Bearer sk-the-app')).toHaveLength(1);
  });

  it('all refused become a 502: it is our key, not theirs', async () => {
    app = await keyed(['sk-revoked', 'sk-also-revoked']);
    const answer = await app.post('/v1/chat/completions', chat);
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ error: { code: 'upstream_error' } });
    expect(app.sim.requests).toHaveLength(2);
  });

  it('are checked at start, without repeating any', () => {
    const given = (apiKeys: never) => () => openai({ apiKeys });
    expect(given([] as never)).toThrow('provider: "apiKeys" must be an array of keys');
    expect(given([{ key: 'sk-secret', weight: 0 }] as never)).toThrow('each weight a positive integer');
    expect(given(['sk secret'] as never)).toThrow(/^(?!.*sk secret)/);
    expect(() => openai({ apiKey: 'a', apiKeys: ['b'] })).toThrow('give one of them');
  });
});
