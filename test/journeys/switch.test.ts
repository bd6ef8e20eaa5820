import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { run } from '@tollgate/cli';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import { createClient } from 'redis';
import { memorySwitch } from 'tollgate';
import { buildPackages } from '../programs.js';
import { chargedFor, type RunningApp, startApp } from './running-app.js';

const server = join(dirname(fileURLToPath(import.meta.url)), '../../examples/proxy/dist/server.js');

interface Proxy {
  readonly child: ChildProcess;
  readonly url: string;
  readonly key: string;
}

describe('the switch over 4 processes under load', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tollgate-switch-'));
  const children = new Set<ChildProcess>();
  let redis: RedisProcess;
  const proxies: Proxy[] = [];

  beforeAll(async () => {
    await buildPackages();
    redis = await startRedis();
    proxies.push(await start());
    proxies.push(...(await Promise.all([start(), start(), start()])));
  }, 120_000);
  afterAll(async () => {
    await Promise.all(
      [...children].map((child) => {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        return ended;
      }),
    );
    await redis.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(): Promise<Proxy> {
    const { PATH = '' } = process.env;
    const env = { PATH, PORT: '0', TOLLGATE_DIR: directory, REDIS_URL: redis.url, REDIS_DEADLINE_MS: '5000' };
    const child = spawn(process.execPath, [server], { env });
    children.add(child);
    let text = '';
    const said = new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk;
        if (/^what it cost/m.test(text)) resolve();
      });
      child.once('exit', (code) => reject(new Error(`ended with ${code}: ${text}`)));
    });
    await said;
    const [, url = ''] = /listens on (\S+)/.exec(text) ?? [];
    const [, key = ''] = /^admin (\S+)/m.exec(text) ?? [];
    while ((await fetch(`${url}/readyz`)).status !== 200);
    return { child, url, key };
  }

  const ask = async ({ url, key }: Proxy): Promise<number> => {
    const answer = await fetch(`${url}/v1/usage`, { headers: { authorization: `Bearer ${key}` } });
    await answer.arrayBuffer();
    return answer.status;
  };

  /** Types a command, as somebody on call would. */
  async function tollgate(...args: string[]): Promise<void> {
    let said = '';
    const write = (text: string): void => {
      said += text;
    };
    const env = { REDIS_URL: redis.url };
    const code = await run(['switch', ...args], {
      env,
      now: Date.now,
      user: 'ann',
      write,
      writeError: write,
    });
    if (code !== 0) throw new Error(said);
  }

  /** Asks all processes without pause until each has answered with this status; the slowest one's wait, in ms. */
  async function untilAll(status: number): Promise<number> {
    const begun = Date.now();
    const waits = proxies.map(async (proxy) => {
      for (;;) {
        const asked = Date.now();
        if ((await ask(proxy)) === status) return asked - begun;
      }
    });
    return Math.max(...(await Promise.all(waits)));
  }

  it('reaches every one, whatever is switched, and nobody gets through afterwards', async () => {
    const waits: number[] = [];
    for (const what of [
      ['everything'],
      ['tenant', 'demo-admin'],
      ['everything'],
      ['tenant', 'demo-admin'],
      ['everything'],
    ]) {
      await untilAll(200);
      await tollgate('off', ...what, '--reason', 'test');
      waits.push(await untilAll(403));
      for (const proxy of proxies) expect(await ask(proxy)).toBe(403);
      await tollgate('on', ...what);
    }
    await untilAll(200);
    expect(Math.max(...waits)).toBeLessThan(5_000);
  }, 150_000);

  it('reaches every one without hints, and a process that is started anew comes up switched off', async () => {
    const client = createClient({ url: redis.url });
    await client.connect();
    await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
    const entry = { kind: 'everything', name: '', reason: 'r', by: 'b', sinceMs: 1, cutsRunning: false };
    // As a script would whose hint gets lost on the way.
    await client.hSet('tollgate:switch', 'everything:', JSON.stringify(entry));
    await client.hIncrBy('tollgate:switch', 'version', 1);
    expect(await untilAll(403)).toBeLessThan(5_000);
    const fifth = await start();
    expect(await ask(fifth)).toBe(403);
    await tollgate('on', 'everything');
    await untilAll(200);
    client.destroy();
  }, 150_000);
});

describe('the switch and what runs', () => {
  let app: RunningApp | undefined;
  afterEach(() => app?.close());

  it('ends a running stream with an error that the official SDK shows, aborts the provider, and charges what was seen', async () => {
    const store = memorySwitch();
    app = await startApp({
      options: { switch: store },
      provider: { script: { tokens: 400, chunkDelayMs: 5 } },
    });
    const stream = await app.openai.chat.completions.create({
      model: 'gpt-5-mini',
      messages: [{ role: 'user', content: 'Tell me of the sea.' }],
      stream: true,
    });
    let pieces = 0;
    const reading = (async () => {
      for await (const { choices } of stream) {
        pieces += 1;
        if (pieces === 5 && choices.length > 0) {
          await store.turnOff({
            kind: 'model',
            name: 'gpt-5-mini',
            reason: 'r',
            by: 'b',
            sinceMs: 1,
            cutsRunning: true,
          });
        }
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: 'switched_off' });
    expect(pieces).toBeLessThan(400);
    await app.settled();
    const { used, held } = await app.money();
    expect(held).toBe(0);
    expect(used).toBe(chargedFor(app.events[0]));
    expect(used).toBeGreaterThan(0);
    expect(app.events).toMatchObject([{ outcome: 'aborted' }]);
  });
});
