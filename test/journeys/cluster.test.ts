import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { counterOf, spend } from '@tollgate/core';
import { redisQuota } from '@tollgate/redis';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import { createClient } from 'redis';
import { buildPackages } from '../programs.js';

const example = join(dirname(fileURLToPath(import.meta.url)), '../../examples/cluster/dist/server.js');
const cap = 20_000_000;
const limit = spend('$0.02/month').by('tenant');
const counter = counterOf(limit, {
  caller: { id: 'acme', tenant: 'acme', plan: 'shared', scopes: [], labels: {} },
});

describe('4 processes with 250 concurrent requests each, half of them streams, on one budget', () => {
  const clientOf = (url: string) => createClient({ url });
  let redis: RedisProcess;
  let client: ReturnType<typeof clientOf>;
  beforeAll(async () => {
    await buildPackages();
    redis = await startRedis();
    client = clientOf(redis.url);
    await client.connect();
  }, 120_000);
  afterAll(async () => {
    client.destroy();
    await redis.stop();
  });

  it('never admit more than the cap at any instant, and use to the nano-dollar what the provider bills', async () => {
    const store = redisQuota({ client, prefix: 'journey', deadlineMs: 10_000 });
    const { PATH } = process.env;
    const env = { PATH, REDIS_URL: redis.url, PREFIX: 'journey', FACTS: '1', GIVE_UP_AFTER_MS: '150000' };
    const child = spawn(process.execPath, [example], { env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    let running = true;
    const ended = once(child, 'close').then(([code]) => {
      running = false;
      return code;
    });

    const seen: number[] = [];
    while (running) {
      const [state] = await store.read('acme', [counter]);
      if (state && state.used + state.held > 0) seen.push(state.used + state.held);
    }
    expect(`${await ended}\n${output}`).toMatch(/^0\n/);
    expect(seen.length).toBeGreaterThan(100);
    expect(Math.max(...seen)).toBeLessThanOrEqual(cap);
    // The budget was in fact fought for: a single request more would have passed it.
    expect(Math.max(...seen)).toBeGreaterThan(cap * 0.95);

    const [, line = '{}'] = /^facts (.*)$/m.exec(output) ?? [];
    const facts: Record<string, number> & { answers: Record<string, number> } = JSON.parse(line);
    const [state] = await store.read('acme', [counter]);
    expect(state).toMatchObject({ used: facts.billNanoUsd, held: 0, limit: cap });
    expect(facts.events).toBe(facts.providerRequests);
    expect(facts.differentEvents).toBe(facts.events);
    expect(facts.eventsNanoUsd).toBe(state?.used);
    expect(Object.keys(facts.answers).sort()).toEqual(['200', '402']);
    const { 200: admitted = 0, 402: refused = 0 } = facts.answers;
    expect(admitted + refused).toBeGreaterThanOrEqual(1_000);
    expect(facts.streams).toBeGreaterThan(0);
    expect(facts.streams).toBeLessThan(admitted);
  }, 180_000);
});
