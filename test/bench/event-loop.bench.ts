/**
 * How long one request keeps the event loop from all others: bodies of up to a megabyte of many shapes, through `tollgate().guards()` with
 * every guardrail. Prints, for each shape, the most CPU that was used between two turns of the event loop, and in all: medians over rounds.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { tollgateErrors } from '@tollgate/core';
import express from 'express';
import { injection, memoryKeys, pattern, personalData, secrets, tollgate } from 'tollgate';
import { bodyShapes } from './body-shapes.js';
import { median } from './harness/statistics.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const keys = memoryKeys();
const { key } = keys.create({ tenant: 'acme', plan: 'large' });
const tg = tollgate({
  plans: { large: { spend: '$1000/day' } },
  keys,
  guardrails: {
    rules: [
      injection(),
      secrets(),
      personalData({ kinds: ['email', 'card', 'iban', 'phone', 'us-ssn'] }),
      pattern({ name: 'projects', words: ['project aurora', 'zeppelin'], action: 'flag' }),
    ],
  },
});
const app = express();
app.use('/v1', tg.guards());
app.post('/v1/chat/completions', (_req, res) => void res.json({}));
app.use(tollgateErrors());
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function measured(body: string): Promise<{ longest: number; all: number; status: number }> {
  const path = body.includes('embedding') ? '/v1/embeddings' : '/v1/chat/completions';
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const bytes = Buffer.from(body);
  const answered = fetch(url + path, { method: 'POST', headers, body: bytes }).then(async (answer) => {
    await answer.text();
    return answer.status;
  });
  let status: number | undefined;
  void answered.then((is) => {
    status = is;
  });
  const start = process.cpuUsage();
  let longest = 0;
  while (status === undefined) {
    const before = process.cpuUsage();
    await turn();
    const { user, system } = process.cpuUsage(before);
    longest = Math.max(longest, (user + system) / 1_000);
  }
  const { user, system } = process.cpuUsage(start);
  return { longest, all: (user + system) / 1_000, status };
}

const figures = new Map<string, { longest: number[]; all: number[]; status: number }>();
for (let round = -1; round < rounds; round += 1) {
  for (const [name, body] of Object.entries(bodyShapes)) {
    if (process.env.BENCH_ONLY !== undefined && name !== process.env.BENCH_ONLY) continue;
    const { longest, all, status } = await measured(body());
    const known = figures.get(name) ?? { longest: [], all: [], status };
    if (round >= 0) {
      known.longest.push(longest);
      known.all.push(all);
    }
    figures.set(name, known);
  }
}
console.log('| body | status | longest block, ms of CPU | in all, ms of CPU |\n| --- | --: | --: | --: |');
for (const [name, { longest, all, status }] of figures) {
  console.log(`| ${name} | ${status} | ${median(longest).toFixed(1)} | ${median(all).toFixed(1)} |`);
}
await tg.close();
server.close();
