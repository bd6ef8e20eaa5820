/**
 * How much later the first chunk of a stream arrives than directly from the provider, through a plain pipe (the least that any proxy of Node
 * can add), the whole chain with proxy(), and examples/proxy: one stream at a time, and twenty that are started at once. Of a warm process,
 * and of the first requests of examples/proxy.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { callers } from './callers.js';
import { chatBody } from './chat-body.js';
import { serveIfChild, startChild } from './harness/child.js';
import { listen } from './harness/listen.js';
import { median, quantile } from './harness/statistics.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 7);
const warmUpStreams = Number(process.env.BENCH_WARM_UP ?? 12_000);
/** As many that none is over the rate of its plan. */
const headers = callers(400);
const body = chatBody({ stream: true });
let turn = 0;

/** Sends one request; resolves with the milliseconds until the first byte of its answer's body, once the answer has ended. */
async function firstChunkMs(pool: Pool): Promise<number> {
  turn += 1;
  const sentAt = performance.now();
  const answer = await pool.request({
    method: 'POST',
    path: '/v1/chat/completions',
    headers: headers[turn % headers.length] as Record<string, string>,
    body,
  });
  let at: number | undefined;
  for await (const _chunk of answer.body) at ??= performance.now();
  if (answer.statusCode !== 200 || at === undefined) throw new Error(`answered ${answer.statusCode}`);
  return at - sentAt;
}

async function oneByOne(pool: Pool, count: number): Promise<number[]> {
  const all: number[] = [];
  for (let each = 0; each < count; each += 1) all.push(await firstChunkMs(pool));
  return all;
}

async function together(pool: Pool, times: number): Promise<number[]> {
  const all: number[] = [];
  for (let each = 0; each < times; each += 1) {
    all.push(...(await Promise.all(Array.from({ length: 20 }, () => firstChunkMs(pool)))));
  }
  return all;
}

interface Started {
  readonly pool: Pool;
  stop(): Promise<void>;
}

/** Starts examples/proxy as its README does, in front of this provider. */
async function startProxy(providerUrl: string): Promise<Started> {
  const directory = mkdtempSync(join(tmpdir(), 'first-chunk-'));
  const child: ChildProcess = spawn(process.execPath, ['examples/proxy/dist/server.js'], {
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PORT: '0',
      TOLLGATE_DIR: directory,
      OPENAI_API_KEY: 'sk-provider',
      OPENAI_BASE_URL: `${providerUrl}/v1`,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      const found = /listens on (\S+) /.exec(text)?.[1];
      if (found) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`examples/proxy ended with ${code}: ${text}`)));
  });
  const pool = new Pool(url, { connections: 20 });
  return {
    pool,
    stop: async () => {
      await pool.destroy();
      child.removeAllListeners('exit');
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const providerUrl = (): string => process.env.BENCH_PROVIDER_URL ?? '';

const services = {
  provider: async () => {
    const { simulateProvider } = await import('@tollgate/simulator');
    const script = { tokens: 8, chunkDelayMs: 1 };
    return (await simulateProvider({ script, precompute: true, keepRequests: 1 })).url;
  },
  pipe: async () => {
    const { undiciPassThrough } = await import('./pass-through.js');
    return listen(undiciPassThrough(providerUrl()));
  },
  chain: async () => {
    const { default: express } = await import('express');
    const { openai, proxy } = await import('@tollgate/upstream');
    const { wholeChain } = await import('./whole-chain.js');
    const app = express();
    const provider = openai({ apiKey: 'sk-provider', baseUrl: `${providerUrl()}/v1` });
    app.use('/v1', ...wholeChain(), proxy({ provider }));
    return listen(app);
  },
};

/** Starts a server of this file. */
async function start(name: keyof typeof services): Promise<Started> {
  const child = await startChild(name, {});
  const pool = new Pool(child.url, { connections: 20 });
  return { pool, stop: async () => void (await Promise.all([pool.destroy(), child.stop()])) };
}

const cell = (ms: number): string => ms.toFixed(2);

if (!serveIfChild(services)) {
  const provider = await startChild('provider', {});
  process.env.BENCH_PROVIDER_URL = provider.url;
  const direct = new Pool(provider.url, { connections: 20 });
  await oneByOne(direct, 300);
  const directMs = median(await oneByOne(direct, 300));

  const fresh = await startProxy(provider.url);
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const first = await oneByOne(fresh.pool, 20);
  await fresh.stop();

  const ways: Readonly<Record<string, Started>> = {
    directly: { pool: direct, stop: () => direct.destroy() },
    'a plain pipe: Express + undici.request': await start('pipe'),
    'the whole chain and proxy()': await start('chain'),
    'examples/proxy': await startProxy(provider.url),
  };
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  for (const { pool } of Object.values(ways)) {
    for (let done = 0; done < warmUpStreams; done += 20) await together(pool, 1);
  }
  const names = Object.keys(ways);
  const seen = new Map(names.map((name) => [name, { one: [] as number[], twenty: [] as number[] }]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [at] of names.entries()) {
      const name = names[(at + round) % names.length] ?? '';
      const { pool } = ways[name] as Started;
      seen.get(name)?.one.push(...(await oneByOne(pool, 100)));
      seen.get(name)?.twenty.push(...(await together(pool, 10)));
    }
  }
  for (const [load, title] of [
    ['one', 'one stream at a time'],
    ['twenty', 'twenty started at once'],
  ] as const) {
    const quantiles = (name: string) =>
      [0.5, 0.9].map((share) => quantile([...(seen.get(name)?.[load] ?? [])], share));
    const bare = quantiles('directly');
    console.log(
      `\n| ${title}, first chunk, ms | p50 | added | p90 | added |\n| --- | --: | --: | --: | --: |`,
    );
    for (const name of names) {
      const cells = quantiles(name).map((ms, at) => `${cell(ms)} | **${cell(ms - (bare[at] ?? 0))}**`);
      console.log(`| ${name} | ${cells.join(' | ')} |`);
    }
  }
  const later = first.slice(1);
  console.log(
    `\nexamples/proxy, fresh: its first request adds ${cell((first[0] ?? 0) - directMs)} ms, its requests 2 to 20 ${cell(median(later) - directMs)} (p50).`,
  );
  console.log(
    'Goals for examples/proxy: one stream at most 0.5 ms, twenty at once at most 5 ms (p50, warm).',
  );
  await Promise.all(Object.values(ways).map(({ stop }) => stop()));
  await provider.stop();
  process.exit(0);
}
