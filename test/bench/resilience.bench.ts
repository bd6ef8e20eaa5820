/**
 * What `resilient()` adds to a call and to each streamed chunk, over the `fetch` that it wraps: plan, breaker, retry budget, time-outs,
 * abort and the watched body. The wrapped one answers from memory, so that nothing but the difference is measured, and beside it
 * stands what a call through undici's `fetch` to a server on loopback costs in the same process.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resilience, resilient } from '@tollgate/upstream';

const calls = 4_000;
const chunks = 200;
const rounds = 9;
const body = JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'word '.repeat(200) }] });
const url = 'http://127.0.0.1:9/v1/chat/completions';
const answer = JSON.stringify({ id: 'x', choices: [{ message: { role: 'assistant', content: 'Hello.' } }] });
const headers = { 'content-type': 'application/json' };
const event = new TextEncoder().encode('data: {"choices":[{"delta":{"content":"word "}}]}\n\n');

const fromMemory: typeof fetch = async () => new Response(answer, { headers });
const streamed: typeof fetch = async () => {
  let left = chunks;
  const source = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        left -= 1;
        if (left < 0) controller.close();
        else controller.enqueue(event);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(source, { headers: { 'content-type': 'text/event-stream' } });
};

/** Microseconds of CPU for each of so many runs. */
async function cpu(runs: number, run: () => Promise<unknown>): Promise<number> {
  // No collection is forced beforehand: it throws away what V8 has compiled for hidden classes that nobody holds just then.
  const before = process.cpuUsage();
  for (let done = 0; done < runs; done += 1) await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / runs;
}

const ask =
  (send: typeof fetch, to = url) =>
  async (): Promise<void> => {
    await (await send(to, { method: 'POST', headers, body })).text();
  };

async function drain(send: typeof fetch): Promise<void> {
  const response = await send(url, { method: 'POST', headers, body });
  const reader = response.body?.getReader();
  for (;;) if ((await reader?.read())?.done !== false) return;
}

const median = (values: number[]): number =>
  values.sort((one, other) => one - other)[values.length >> 1] ?? 0;

const server = createServer((req, res) => {
  req.resume().on('end', () => res.writeHead(200, headers).end(answer));
}).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const loopback = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;

const shared = resilience({ hedge: { afterMs: 'p95' }, fallbacks: { 'gpt-*': ['gpt-5-mini'] } });
const contenders: Record<string, () => Promise<number>> = {
  'a call from memory': () => cpu(calls, ask(fromMemory)),
  'the same, resilient()': () => cpu(calls, ask(resilient(fromMemory, shared))),
  'a chunk from memory': async () => (await cpu(20, () => drain(streamed))) / chunks,
  'a chunk, resilient()': async () => (await cpu(20, () => drain(resilient(streamed, shared)))) / chunks,
  "a call through undici's fetch on loopback, server included": () => cpu(500, ask(fetch, loopback)),
};
const seen: Record<string, number[]> = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
for (let round = 0; round <= rounds; round += 1) {
  for (const [name, measure] of Object.entries(contenders)) {
    const microseconds = await measure();
    if (round > 0) seen[name]?.push(microseconds);
  }
}
console.log(
  `resilience: microseconds of CPU, medians of ${rounds} rounds (goal: under 50 added to a call, 5 to a chunk)`,
);
for (const [name, values] of Object.entries(seen)) {
  console.log(
    `  ${median(values).toFixed(2).padStart(8)}  least ${Math.min(...values)
      .toFixed(2)
      .padStart(8)}  ${name}`,
  );
}
server.closeAllConnections();
server.close();
