import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { budget } from '@tollgate/budget';
import {
  type Caller,
  contextOf,
  counterOf,
  definePlans,
  jsonBody,
  type Limit,
  memoryQuota,
  type QuotaStore,
  spend,
  type UsageEvent,
} from '@tollgate/core';
import { meter, meteredFetch } from '@tollgate/meter';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { anthropic, openAiCompatible, proxy } from '@tollgate/upstream';
import express, { type RequestHandler } from 'express';
import express4 from 'express4';
import OpenAI from 'openai';

const caller: Caller = { id: 'k1', keyId: 'k1', tenant: 'acme', plan: 'one', scopes: [], labels: {} };
const actAsCaller: RequestHandler = (req, res, next) => {
  contextOf(req, res).caller = caller;
  next();
};
/** Dollars per million tokens: 1 000 and 4 000 nano-dollars a token. */
const prices = { model: { inputUsdPerMillion: '1', outputUsdPerMillion: '4' } };
const messages = [{ role: 'user' as const, content: 'Say something, please.' }];

for (const [name, create] of [
  ['Express 5', express],
  ['Express 4.18', express4],
] as const) {
  describe(`a hard cap behind the whole chain on ${name}`, () => {
    let provider: SimulatedProvider;
    let server: Server;
    let store: QuotaStore;
    let events: UsageEvent[];

    beforeAll(async () => {
      provider = await simulateProvider();
    });
    afterAll(() => provider.close());
    beforeEach(() => {
      provider.reset();
      events = [];
      store = memoryQuota();
    });
    afterEach(() => new Promise((closed) => server.close(closed)));

    /** The chain on one plan, and a client of it that counts what it sends. */
    function start(cap: string): { client: OpenAI; limit: Limit; sent: () => number } {
      const app = create();
      const plans = definePlans({ one: { spend: cap } });
      const other = anthropic({ apiKey: 'sk-test', baseUrl: provider.url });
      const own = openAiCompatible({ name: 'own', apiKey: 'sk-test', baseUrl: provider.openAiUrl });
      app.use(
        '/v1',
        actAsCaller,
        jsonBody(),
        meter({ prices, sinks: [{ write: (event) => void events.push(event) }] }),
        budget({ plans, store }),
      );
      const inside = new OpenAI({
        apiKey: 'sk-test',
        baseURL: provider.openAiUrl,
        fetch: meteredFetch(),
      });
      app.post('/v1/agent', async (_req, res) => {
        let made = 0;
        try {
          for (; made < 20; made += 1) {
            await inside.chat.completions.create({ model: 'model', messages, max_completion_tokens: 50 });
          }
        } catch (error) {
          res.json({ made, status: error instanceof OpenAI.APIError ? error.status : 0 });
        }
      });
      app.use('/v1', proxy({ providers: [own, other] }));
      server = app.listen(0);
      const { port } = server.address() as AddressInfo;
      let sent = 0;
      const counting: typeof fetch = (url, init) => {
        sent += 1;
        return fetch(url, init);
      };
      const client = new OpenAI({ apiKey: 'any', baseURL: `http://127.0.0.1:${port}/v1`, fetch: counting });
      const [limit] = plans.one?.limits ?? [];
      return { client, limit: limit ?? spend(cap), sent: () => sent };
    }

    async function settledState(limit: Limit) {
      const counters = [counterOf(limit, { caller })];
      for (let turn = 0; turn < 200; turn += 1) {
        const [state] = await store.read('acme', counters);
        if (state?.held === 0) return state;
        await new Promise((go) => setTimeout(go, 10));
      }
      throw new Error('something is still held');
    }

    it('lets exactly 3 of 200 parallel requests, half of them streams, reach the provider where the budget covers 3', async () => {
      const probe = start('$1/day');
      const [{ left: all = 0 } = {}] = await store.read('acme', [counterOf(probe.limit, { caller })]);
      provider.hold();
      const first = probe.client.chat.completions.create({
        model: 'model',
        messages,
        max_completion_tokens: 40,
      });
      await provider.waitFor(1);
      const [{ left = 0 } = {}] = await store.read('acme', [counterOf(probe.limit, { caller })]);
      const each = all - left;
      provider.release();
      await first;
      await new Promise((closed) => server.close(closed));

      provider.reset();
      events = [];
      store = memoryQuota();
      const micro = Math.ceil((each * 3.5) / 1000);
      const { client, limit, sent } = start(`$0.${String(micro).padStart(6, '0')}/day`);
      provider.hold();
      let refused = 0;
      const ask = async (stream: boolean): Promise<string> => {
        const body = { model: 'model', messages, max_completion_tokens: 40 };
        try {
          if (stream) {
            let text = '';
            for await (const chunk of await client.chat.completions.create({ ...body, stream: true })) {
              text += chunk.choices[0]?.delta.content ?? '';
            }
            return text;
          }
          const answer = await client.chat.completions.create(body);
          return answer.choices[0]?.message.content ?? '';
        } catch (error) {
          refused += 1;
          if (refused === 197) provider.release();
          if (!(error instanceof OpenAI.APIError)) throw error;
          expect([error.status, error.code, error.headers?.get('x-should-retry')]).toEqual([
            402,
            'budget_exceeded',
            'false',
          ]);
          return '';
        }
      };
      const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => ask(index % 2 === 0)));
      expect(answers.filter((text) => text !== '')).toHaveLength(3);
      expect(provider.accounts().requests).toBe(3);
      expect(sent()).toBe(200);
      const { used } = await settledState(limit);
      const { billed } = provider.accounts();
      expect(used).toBe(billed.inputTokens * 1_000 + billed.outputTokens * 4_000);
      expect(events).toHaveLength(3);
      expect(events.reduce((sum, { costNanoUsd }) => sum + Number(costNanoUsd), 0)).toBe(used);
    });

    it('stops an agent loop at the cap with one refusal that the SDK does not retry', async () => {
      const { client, limit } = start('$0.002/day');
      const answer = await client.post<{ made: number; status: number }>('/agent', {});
      expect(answer.status).toBe(402);
      expect(answer.made).toBeGreaterThan(0);
      expect(answer.made).toBeLessThan(20);
      expect(provider.accounts().requests).toBe(answer.made);
      const { used, limit: cap } = await settledState(limit);
      const { billed } = provider.accounts();
      expect(used).toBe(billed.inputTokens * 1_000 + billed.outputTokens * 4_000);
      expect(used).toBeLessThanOrEqual(cap);
    });

    it('ends a stream politely, in the provider’s own format, once it costs more than is left', async () => {
      const { limit } = start('$0.001/day');
      const { port } = server.address() as AddressInfo;
      // The provider counts an input that no bound foresaw, says so first, and goes on talking.
      provider.script({ usage: { inputTokens: 5_000 }, tokens: 500, chunkDelayMs: 5 });
      const answer = await fetch(`http://127.0.0.1:${port}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
        body: JSON.stringify({ model: 'model', max_tokens: 100, stream: true, messages }),
      });
      expect(answer.status).toBe(200);
      const events = (await answer.text()).split('\n').filter((line) => line.startsWith('event: '));
      expect(events[0]).toBe('event: message_start');
      expect(events.slice(-2)).toEqual(['event: message_delta', 'event: message_stop']);
      await provider.waitForEnd(1);
      expect(provider.accounts().aborted).toBe(1);
      const { used } = await settledState(limit);
      expect(used).toBeGreaterThanOrEqual(5_000_000);
    });

    it('lets the plain SDK call without an output cap work on the smallest plan', async () => {
      const { client } = start('$0.001/day');
      const answer = await client.chat.completions.create({ model: 'model', messages });
      expect(answer.choices[0]?.message.content).not.toBe('');
    });
  });
}
