import cluster from 'node:cluster';
import { ask, ownPeakBytes, type Serving } from './child.js';

/** In a contender's process: serves another contender in so many processes of its own, which share one port. */
export async function several(contender: string, count: number): Promise<Serving> {
  cluster.setupPrimary({ args: ['--serve', contender] });
  const workers = Array.from({ length: count }, () => cluster.fork());
  const [url] = await Promise.all(workers.map((worker) => ask(worker.process, undefined, 'url')));
  return {
    url: String(url),
    async cpuMicros() {
      const used = await Promise.all(workers.map((worker) => ask(worker.process, 'cpu', 'cpuMicros')));
      const { user, system } = process.cpuUsage();
      return used.reduce((sum: number, micros) => sum + Number(micros), user + system);
    },
    async peakBytes() {
      const peaks = await Promise.all(workers.map((worker) => ask(worker.process, 'memory', 'peakBytes')));
      return peaks.reduce((sum: number, bytes) => sum + Number(bytes), await ownPeakBytes());
    },
  };
}
