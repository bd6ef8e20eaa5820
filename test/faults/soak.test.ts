import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import { bundledProgram } from '@tollgate/testkit/bundled-program';
import { createClient } from 'redis';
import type { SoakSettings, SoakState } from './soak-settings.js';

/** An hour in `npm run test:long`; another length by TOLLGATE_SOAK_MINUTES. Three seconds in `npm test`, which show that it runs. */
const long = process.env.TOLLGATE_LONG === '1';
const minutes = Number(process.env.TOLLGATE_SOAK_MINUTES ?? (long ? 60 : 1 / 20));
const lengthMs = minutes * 60_000;
/** The share of a processor that the app takes. */
const share = 0.5;

let redis: RedisProcess;
let provider: SimulatedProvider;
let child: ChildProcess;
const directory = mkdtempSync(join(tmpdir(), 'tollgate-soak-'));
const tenants = Array.from({ length: 50 }, (_, index) => `tenant${index}`);

beforeAll(async () => {
  [redis, provider] = await Promise.all([startRedis(), simulateProvider({ keepRequests: 10 })]);
}, 150_000);
afterAll(async () => {
  child?.kill('SIGKILL');
  await Promise.all([redis.stop(), provider.close()]);
  rmSync(directory, { recursive: true });
});

interface Figures extends SoakState {
  readonly redisBytes: number;
}

const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

describe('an app under mixed load at half a processor', () => {
  it(
    `holds as much memory and as many handles at the end of ${minutes.toFixed(1)} minutes as in its second sixth`,
    async () => {
      const settings: SoakSettings = {
        ...{ redisUrl: redis.url, providerUrl: provider.openAiUrl, tenants },
        switchFile: join(directory, 'switch.json'),
      };
      const program = bundledProgram(import.meta.dirname, 'soak-process');
      child = spawn(process.execPath, ['--expose-gc', program, JSON.stringify(settings)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = await once(child.stdout as NodeJS.ReadableStream, 'data');
      const { port, keys, poor }: { port: number; keys: string[]; poor: string } = JSON.parse(String(line));
      const url = `http://127.0.0.1:${port}`;
      const client = await createClient({ url: redis.url }).connect();

      /** Codes of answers of 500 and above. */
      const failures = new Set<string>();
      const post = async (
        key: string,
        path: string,
        body: object,
        leaveAfterMs?: number,
      ): Promise<number> => {
        const signal = leaveAfterMs === undefined ? null : AbortSignal.timeout(leaveAfterMs);
        try {
          const answer = await fetch(url + path, {
            ...{ method: 'POST', signal, body: JSON.stringify(body) },
            headers: {
              ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
              // Wrong keys come from other networks: one that sent many has fewer keys verified (503).
              ...(key.startsWith('tg_live_wrong') && { 'x-forwarded-for': `10.0.0.${asked % 250}` }),
            },
          });
          const text = await answer.text();
          const { status } = answer;
          if (status >= 500)
            failures.add(`${status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? text.slice(0, 200)}`);
          return status;
        } catch {
          return 0; // it left, as intended
        }
      };
      const statuses = new Map<number, number>();
      let asked = 0;
      /** One request of the mix: plain, streamed, left, cached, embedded, refused for each reason. */
      const askOne = async (): Promise<void> => {
        asked += 1;
        const key = keys[asked % keys.length] ?? '';
        const messages = [{ role: 'user', content: `Question ${asked}: ${'word '.repeat(asked % 40)}` }];
        const chat = { model: 'gpt-5-mini', max_completion_tokens: 60, messages };
        const kinds: readonly (() => Promise<number>)[] = [
          () => post(key, '/v1/chat/completions', chat),
          () => post(key, '/v1/chat/completions', { ...chat, stream: true }),
          () => post(key, '/v1/chat/completions', { ...chat, stream: true }, 5),
          () =>
            post(key, '/v1/chat/completions', {
              ...chat,
              temperature: 0,
              messages: [{ role: 'user', content: `q${asked % 100}` }],
            }),
          () =>
            post(key, '/v1/embeddings', { model: 'text-embedding-3-small', input: `text ${asked % 2_000}` }),
          () => post(poor, '/v1/chat/completions', chat),
          () => post(`tg_live_wrong${asked}`, '/v1/chat/completions', chat),
          () => post(key, '/v1/chat/completions', { ...chat, model: 'no-such-model' }),
        ];
        const status = (await kinds[asked % kinds.length]?.()) ?? 0;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      };

      const look = async (): Promise<Figures> => {
        const state = (await (await fetch(`${url}/state`)).json()) as SoakState;
        const used = /used_memory_dataset:(\d+)/.exec(await client.info('memory'))?.[1];
        // What `watch` has learned grows for 28 days, to some kB for each key and tenant.
        const learned = (await client.memoryUsage('tollgate:{learned}', { SAMPLES: 0 })) ?? 0;
        return { ...state, redisBytes: Number(used) - learned };
      };

      /** Bytes of Redis' keys, by their names without numbers and ids; the most first. */
      const keyBytes = async (): Promise<string> => {
        const sums = new Map<string, number>();
        for (const key of await client.keys('*')) {
          const bytes = (await client.memoryUsage(key, { SAMPLES: 0 })) ?? 0;
          const name = key.replace(/[0-9a-f]{8,}|\d+/g, '#');
          sums.set(name, (sums.get(name) ?? 0) + bytes);
        }
        const most = [...sums].sort(([, one], [, other]) => other - one).slice(0, 8);
        return most.map(([name, bytes]) => `${name} ${(bytes / 1e3).toFixed(0)} kB`).join(', ');
      };

      const startMs = performance.now();
      let early = '';
      const looks: (Figures & { readonly atMs: number })[] = [];
      let pauseMs = 10;
      let before = await look();
      let beforeMs = startMs;
      const underWay = new Set<Promise<void>>();
      const lookEveryMs = Math.max(1_000, lengthMs / 120);
      while (performance.now() - startMs < lengthMs) {
        const one = askOne().finally(() => underWay.delete(one));
        underWay.add(one);
        if (underWay.size >= 50) await Promise.race(underWay);
        await delay(pauseMs);
        const nowMs = performance.now();
        if (nowMs - beforeMs < lookEveryMs) continue;
        await Promise.all(underWay);
        const found = await look();
        looks.push({ ...found, atMs: nowMs - startMs });
        if (early === '' && nowMs - startMs > lengthMs / 4) early = await keyBytes();
        // The garbage collections of a look cost processor time as well, so the load follows slowly.
        const taken = (found.cpuMs - before.cpuMs) / (nowMs - beforeMs);
        pauseMs = Math.min(50, Math.max(1, pauseMs * (1 + 0.3 * (taken / share - 1))));
        [before, beforeMs] = [found, nowMs];
      }
      await Promise.all(underWay);
      process.stdout.write(`    Redis' keys: ${early}\n    at the end: ${await keyBytes()}\n`);
      client.destroy();

      const sixth = lengthMs / 6;
      const second = looks.filter(({ atMs }) => atMs >= sixth && atMs < 2 * sixth);
      const last = looks.filter(({ atMs }) => atMs >= 5 * sixth);
      const figures = (['heapBytes', 'handles', 'redisBytes'] as const).map((name) => {
        const [before = 0, after = 0] = [second, last].map((some) => median(some.map((one) => one[name])));
        return { name, early: before, late: after };
      });
      process.stdout.write(
        `    handles: ${second.at(-1)?.handleKinds.sort().join(' ')}; at the end: ${last.at(-1)?.handleKinds.sort().join(' ')}\n`,
      );
      const takenShare = (last.at(-1)?.cpuMs ?? 0) / lengthMs;
      process.stdout.write(
        `    soak: ${asked} requests, ${JSON.stringify([...statuses].sort())}, ${takenShare.toFixed(2)} processors; ${figures.map(({ name, early, late }) => `${name} ${early} → ${late}`).join(', ')}\n`,
      );
      expect([...failures]).toEqual([]);
      for (const status of [200, 400, 401, 402]) expect(statuses.get(status) ?? 0).toBeGreaterThan(0);
      expect(last.at(-1)?.inFlight ?? 0).toBeLessThan(60);
      if (minutes < 10) return; // caches and learned state still fill
      for (const { name, early, late } of figures) {
        expect([name, late / early]).toEqual([name, expect.any(Number)]);
        expect(late).toBeLessThanOrEqual(early * 1.05);
      }
    },
    lengthMs + 120_000,
  );
});
