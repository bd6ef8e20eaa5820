import { createHash } from 'node:crypto';
import { type ChannelName, publish as publishWhole } from '@tollgate/core/internal';
import type { SimulatedProvider } from '@tollgate/simulator';
import { type AlertNotice, callback } from '@tollgate/watch';
import express from 'express';
import request from 'supertest';
import { memoryKeys, openai, type Tollgate, type TollgateOptions, tollgate } from '../src/index.js';

/** The payloads here have only the fields that matter. */
const publish = publishWhole as (name: ChannelName, facts: () => object) => void;

export const plans = {
  pro: { requests: '10/min', tokens: '200k/min', spend: '$50/month' },
  free: {},
};

/** Keys of three tenants; `acme` has two. */
export function watchedKeys(now?: () => number) {
  const keys = memoryKeys([], now ? { now } : {});
  const make = (tenant: string, plan = 'free') => keys.create({ tenant, plan });
  return {
    keys,
    acme: make('acme'),
    other: make('acme'),
    globex: make('globex'),
    pro: make('initech', 'pro'),
  };
}

/** An app that passes calls on, and hears its own alerts. */
export function watchedApp(
  provider: SimulatedProvider,
  { keys }: ReturnType<typeof watchedKeys>,
  options: Partial<TollgateOptions>,
) {
  const notices: AlertNotice[] = [];
  const tg: Tollgate = tollgate({
    plans,
    keys,
    alerts: { to: [callback((notice) => void notices.push(notice))], pollMs: 20 },
    meter: { promptHashSecret: 'a secret of this test' },
    ...options,
  });
  const app = express();
  app.use(tg.guards());
  app.get('/v1/usage', tg.usage());
  app.use(tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }));
  app.use(tg.errors());
  const ask = (key: string, prompt: string, solution = '') =>
    request(app)
      .post('/v1/chat/completions')
      .set('Authorization', `Bearer ${key}`)
      .set(solution === '' ? {} : { 'x-tollgate-solution': solution })
      .send({
        model: 'gpt-5-mini',
        max_completion_tokens: 10,
        messages: [{ role: 'user', content: prompt }],
      });
  const usage = (key: string) => request(app).get('/v1/usage').set('Authorization', `Bearer ${key}`);
  return { tg, ask, usage, notices };
}

/** A key is refused so often that quota probing has a score of a fifth of it. */
export function probe(tenant: string, keyId: string, refusals = 20): void {
  for (let one = 0; one < refusals; one += 1) {
    publish('tollgate:refuse', () => ({ code: 'quota_exceeded', tenant, keyId }));
  }
}

/** Resolves when the condition holds; it is looked at every `everyMs`. Rejects after `withinMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { withinMs = 20_000, everyMs = 10 } = {},
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** As the README of `@tollgate/watch` prints it. */
export function solve(challenge: string): string {
  const bits = Number(challenge.split('.')[1]);
  for (let counter = 0; ; counter += 1) {
    const solution = `${challenge}.${counter}`;
    const hash = createHash('sha256').update(solution).digest();
    if (Math.clz32(hash.readUInt32BE(0)) >= bits) return solution;
  }
}
