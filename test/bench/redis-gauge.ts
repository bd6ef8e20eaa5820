import { createClient } from 'redis';
import type { Gauge } from './harness/gauge.js';

/** What a Redis server has done: script calls, which is all that the chains send, and microseconds of CPU of all its threads. */
export async function redisGauge(url: string): Promise<Gauge> {
  const client = createClient({ url });
  await client.connect();
  return {
    names: ['Redis calls', 'Redis CPU µs'],
    async read() {
      const stats = await client.info('commandstats');
      const cpu = await client.info('cpu');
      const calls = sumOf(stats, /^cmdstat_(?:eval|evalsha):calls=(\d+)/gm);
      return [calls, sumOf(cpu, /^used_cpu_(?:user|sys):([\d.]+)/gm) * 1e6];
    },
    close: async () => client.destroy(),
  };
}

function sumOf(text: string, figures: RegExp): number {
  return [...text.matchAll(figures)].reduce((sum, [, figure]) => sum + Number(figure), 0);
}
