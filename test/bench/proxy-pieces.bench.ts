/**
 * What each piece of the proxy path costs a call and a streamed chunk, in one process: provider and client are faked, so that neither
 * the kernel nor the other side has a share. The first is the least that a proxy can do: undici's callbacks, written to the response. The
 * last ones are metered as well: the whole chain, from the bytes of the request on, with a proxy and with one that routes and translates.
 */
import { median } from './harness/statistics.js';
import { FakeClient } from './in-process/fake-client.js';
import { FakeProvider } from './in-process/fake-provider.js';
import { contenders } from './in-process/proxy-pieces.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const only = process.env.BENCH_ONLY?.split(',');
/** Calls of one measure, and the chunks of each. */
const shapes = [
  { title: 'not streamed', chunks: 0, calls: 1_000 },
  { title: 'streamed, few chunks', chunks: 8, calls: 400 },
  { title: 'streamed, many chunks', chunks: 508, calls: 20 },
];
const chunksBetween = 500;

const provider = new FakeProvider();
const pieces = Object.entries(contenders(provider)).map(
  ([name, asked]) => [name, new FakeClient(name, asked)] as const,
);
const named = pieces.filter(([name], at) => at === 0 || !only || only.includes(name));

/** Microseconds of CPU for each call. */
async function measure(client: FakeClient, chunks: number, calls: number): Promise<number> {
  provider.chunks = chunks;
  // No collection is forced beforehand: it throws away what V8 has compiled for hidden classes that nobody holds just then.
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call += 1) await client.ask(chunks > 0);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

const seen = new Map<string, number[][]>(named.map(([name]) => [name, shapes.map(() => [])]));
for (let round = 0; round <= rounds; round += 1) {
  for (const [name, client] of named) {
    for (const [at, { chunks, calls }] of shapes.entries()) {
      // V8 compiles some thousands of calls long.
      const micros = await measure(client, chunks, round === 0 ? 6 * calls : calls);
      if (round > 0) seen.get(name)?.[at]?.push(micros);
    }
  }
}

const least = (values: readonly number[] = []): number => Math.min(...values);
const figures = (of: (values: number[]) => number, name: string): readonly [number, number, number] => {
  const [whole = [], few = [], many = []] = seen.get(name) ?? [];
  const perChunk = (of([...many]) - of([...few])) / chunksBetween;
  return [of([...whole]), of([...few]), perChunk];
};
console.log(
  `proxy-pieces: microseconds of CPU, ${rounds} rounds; least, and median in brackets (goal: all pieces add under 50 to a call, 5 to a chunk)`,
);
const [first] = named;
const [wholeFirst, fewFirst, chunkFirst] = figures(least, first?.[0] ?? '');
for (const [name] of named) {
  const lowest = figures(least, name);
  const middle = figures(median, name);
  const text = (at: 0 | 1 | 2): string =>
    `${lowest[at].toFixed(2).padStart(8)} (${middle[at].toFixed(2)})`.padEnd(18);
  const added = [lowest[0] - wholeFirst, lowest[1] - fewFirst, lowest[2] - chunkFirst];
  console.log(
    `  call ${text(0)} stream of 8 ${text(1)} chunk ${text(2)} added ${added.map((one) => one.toFixed(2)).join(' / ')}  ${name}`,
  );
}
