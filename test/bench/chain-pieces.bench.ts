/**
 * What each guard of the chain costs a request, in one process: Node's HTTP parser, Express and all that an app does, but neither the
 * kernel nor a second process that takes a share of two cores. Also what a request leaves behind: what young collections promote to the
 * old generation, where it stays until the next full one. None is forced: it throws away compiled code, too.
 */
import { getHeapSpaceStatistics } from 'node:v8';
import type { Express } from 'express';
import { callers } from './callers.js';
import { bare, chainSteps, composed, ours, umbrella } from './chain-apps.js';
import { chatBody } from './chat-body.js';
import { median } from './harness/statistics.js';
import { Wireless } from './in-process/wireless.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const only = process.env.BENCH_ONLY?.split(',');
const requests = Number(process.env.BENCH_REQUESTS ?? 4_000);
const body = chatBody();
const asked = callers(20).map((headers) => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
});

const apps: Record<string, () => Promise<Express>> = {
  'bare Express': bare,
  'composed chain': composed,
  ...Object.fromEntries(chainSteps.map((name, index) => [name, () => ours(index + 1)])),
  'helmet and tollgate().guards()': umbrella,
};
const wires = new Map<string, Wireless>();
for (const [name, made] of Object.entries(apps)) {
  if (name === 'bare Express' || !only || only.includes(name)) wires.set(name, new Wireless(await made()));
}

interface Measured {
  readonly micros: number;
  readonly promoted: number;
}

function oldBytes(): number {
  const old = getHeapSpaceStatistics().filter(({ space_name }) => /^(old|map|shared)_/.test(space_name));
  return old.reduce((sum, { space_used_size }) => sum + space_used_size, 0);
}

async function measure(wire: Wireless): Promise<Measured> {
  const before = process.cpuUsage();
  let old = oldBytes();
  let promoted = 0;
  for (let at = 0; at < requests; at += 1) {
    const status = await wire.ask(asked[at % asked.length] as Buffer);
    if (status !== 200) throw new Error(`answered ${status}`);
    if (at % 100 > 0) continue;
    // Less than before: there was a full collection.
    const now = oldBytes();
    promoted += Math.max(0, now - old);
    old = now;
  }
  const { user, system } = process.cpuUsage(before);
  return { micros: (user + system) / requests, promoted: promoted / requests };
}

const seen = new Map([...wires.keys()].map((name) => [name, [] as Measured[]]));
for (let round = 0; round <= rounds; round += 1) {
  for (const [name, wire] of wires) {
    const measured = await measure(wire);
    if (round > 0) seen.get(name)?.push(measured);
  }
}
const leastOf = (all: readonly Measured[] = []): number => Math.min(...all.map(({ micros }) => micros));
const base = leastOf(seen.get('bare Express'));
console.log(`chain-pieces: microseconds of CPU a request, ${rounds} rounds of ${requests} requests`);
console.log('   least  median bare is  bytes promoted');
for (const [name, all] of seen) {
  const middle = (of: keyof Measured): number => median(all.map((each) => each[of]));
  const columns = [
    leastOf(all).toFixed(1).padStart(8),
    middle('micros').toFixed(1).padStart(8),
    (base / leastOf(all)).toFixed(2).padStart(8),
    middle('promoted').toFixed(0).padStart(16),
  ];
  console.log(`${columns.join('')}  ${name}`);
}
process.exit(0);
