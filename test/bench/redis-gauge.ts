import { createClient } from 'redis';
import type { Gauge } from './harness/gauge.js';
import { floorOn } from './quota-floor.js';

const pairs = 4_000;
const together = 16;

/**
 * What a Redis server has done: script calls, which is all that the chains send, microseconds of CPU of all its threads, and how many of the
 * cheapest pairs of scripts that could do the like it could have run with these, by what they cost when the gauge is opened.
 */
export async function redisGauge(url: string): Promise<Gauge> {
  const client = createClient({ url });
  await client.connect();
  const cpuMicros = async (): Promise<number> =>
    sumOf(await client.info('cpu'), /^used_cpu_(?:user|sys):([\d.]+)/gm) * 1e6;
  const floor = await floorOn(client);
  const run = async (): Promise<void> => {
    for (let from = 0; from < pairs; from += together) {
      await Promise.all(Array.from({ length: together }, (_, at) => floor((from + at) % 100)));
    }
  };
  await run();
  const before = await cpuMicros();
  await run();
  const pairMicros = ((await cpuMicros()) - before) / pairs;
  await client.unlink('floor:{p}:outbox');
  return {
    names: ['Redis calls', 'Redis CPU µs', `× the cheapest pair (${pairMicros.toFixed(1)} µs)`],
    async read() {
      const stats = await client.info('commandstats');
      const calls = sumOf(stats, /^cmdstat_(?:eval|evalsha):calls=(\d+)/gm);
      const micros = await cpuMicros();
      return [calls, micros, micros / pairMicros];
    },
    close: async () => client.destroy(),
  };
}

function sumOf(text: string, figures: RegExp): number {
  return [...text.matchAll(figures)].reduce((sum, [, figure]) => sum + Number(figure), 0);
}
