import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from './app.js';

/** When a client asks, in seconds from its first request. */
type Pattern = readonly number[];

const many = (count: number, atSecond: number): number[] => Array.from({ length: count }, () => atSecond);

const patterns: Readonly<Record<string, Pattern>> = {
  'thirty at once': many(30, 0),
  'one every four seconds': Array.from({ length: 45 }, (_, index) => index * 4),
  'around the end of a window': [0, ...many(9, 59), ...many(10, 60)],
};

/** Result of a pattern. */
export interface Result {
  readonly window: 'fixed' | 'sliding';
  readonly pattern: string;
  readonly asked: number;
  readonly admitted: number;
  /** Admitted requests in the busiest sixty seconds. */
  readonly mostInAMinute: number;
}

/** Sends a pattern to a new app, with its clock turned to each request's second. */
async function run(window: 'fixed' | 'sliding', pattern: string, seconds: Pattern): Promise<Result> {
  let nowMs = Date.UTC(2026, 0, 1);
  const startMs = nowMs;
  const { app, key } = createApp(window, () => nowMs);
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hello`;
  const admitted: number[] = [];
  for (const second of seconds) {
    nowMs = startMs + second * 1_000;
    const { status, headers } = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
    if (status === 200) admitted.push(second);
    else if (status !== 429 || !headers.has('retry-after')) throw new Error(`unexpected answer ${status}`);
  }
  server.close();
  server.closeAllConnections();
  const inMinuteFrom = (second: number) =>
    admitted.filter((one) => one >= second && one < second + 60).length;
  const mostInAMinute = Math.max(...admitted.map(inMinuteFrom));
  return { window, pattern, asked: seconds.length, admitted: admitted.length, mostInAMinute };
}

/** Every pattern against both kinds of windows. */
export async function loadTest(): Promise<Result[]> {
  const results: Result[] = [];
  for (const [pattern, seconds] of Object.entries(patterns)) {
    for (const window of ['fixed', 'sliding'] as const) results.push(await run(window, pattern, seconds));
  }
  return results;
}
