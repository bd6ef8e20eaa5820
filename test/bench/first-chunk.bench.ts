/**
 * How much later the first chunk of a stream arrives through examples/proxy than directly from the provider: one stream at a time, and twenty that are
 * started at once. Of a warm process, and of its first requests.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { callers } from './callers.js';
import { chatBody } from './chat-body.js';
import { serveIfChild, startChild } from './harness/child.js';
import { median, quantile } from './harness/statistics.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 7);
const warmUpStreams = Number(process.env.BENCH_WARM_UP ?? 3_000);
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

const services = {
  provider: async () => {
    const { simulateProvider } = await import('@tollgate/simulator');
    const script = { tokens: 8, chunkDelayMs: 1 };
    return (await simulateProvider({ script, precompute: true, keepRequests: 1 })).url;
  },
};

if (!serveIfChild(services)) {
  const provider = await startChild('provider', {});
  const direct = new Pool(provider.url, { connections: 20 });
  await oneByOne(direct, 300);
  const directMs = median(await oneByOne(direct, 300));

  const fresh = await startProxy(provider.url);
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const first = await oneByOne(fresh.pool, 20);
  await fresh.stop();

  const proxy = await startProxy(provider.url);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  for (let done = 0; done < warmUpStreams; done += 20) await together(proxy.pool, 1);
  const ways = { direct, proxy: proxy.pool };
  const seen = {
    direct: { one: [] as number[], twenty: [] as number[] },
    proxy: { one: [] as number[], twenty: [] as number[] },
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const way of round % 2 ? (['direct', 'proxy'] as const) : (['proxy', 'direct'] as const)) {
      seen[way].one.push(...(await oneByOne(ways[way], 100)));
      seen[way].twenty.push(...(await together(ways[way], 10)));
    }
  }
  const row = (name: string, through: readonly number[], without: readonly number[]): void => {
    const cells = [0.5, 0.9].map((share) => {
      const [ours, bare] = [quantile([...through], share), quantile([...without], share)];
      return `${ours.toFixed(2)} | ${bare.toFixed(2)} | **${(ours - bare).toFixed(2)}**`;
    });
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  };
  console.log(
    '\n| first chunk, ms | p50 | direct | added | p90 | direct | added |\n| --- | --: | --: | --: | --: | --: | --: |',
  );
  row('one stream at a time, warm', seen.proxy.one, seen.direct.one);
  row('twenty started at once, warm', seen.proxy.twenty, seen.direct.twenty);
  row('the first request of a process', first.slice(0, 1), [directMs]);
  row('its requests 2 to 20', first.slice(1), [directMs]);
  console.log('\nGoals: one stream at most 0.5 ms, twenty at once at most 5 ms (p50, warm).');
  await proxy.stop();
  await direct.destroy();
  await provider.stop();
  process.exit(0);
}
