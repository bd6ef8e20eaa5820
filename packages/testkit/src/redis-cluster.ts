import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type RedisProcess, startRedis } from './redis-process.js';

const slots = 16_384;
const readyWithinMs = 15_000;

/** A Redis Cluster of real processes, without replicas. */
export interface RedisCluster {
  readonly nodes: readonly RedisProcess[];
  stop(): Promise<void>;
}

export interface RedisClusterOptions {
  /** How many servers share the slots. @defaultValue 3 */
  masters?: number;
  /** Further arguments of each server, e.g. `['--cluster-require-full-coverage', 'no']`. */
  args?: readonly string[];
}

/** Starts a cluster on free ports; ready when every server reports that all slots are served. */
export async function startRedisCluster({
  masters = 3,
  args: more = [],
}: RedisClusterOptions = {}): Promise<RedisCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', ...more];
  const nodes = await Promise.all(Array.from({ length: masters }, () => startRedis({ args })));
  const share = Math.ceil(slots / masters);
  for (const [index, { port }] of nodes.entries()) {
    const last = Math.min(slots, (index + 1) * share) - 1;
    await command(port, ['CLUSTER', 'ADDSLOTSRANGE', String(index * share), String(last)]);
    await command(port, ['CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1)]);
    if (index > 0) await command(nodes[0]?.port ?? 0, ['CLUSTER', 'MEET', '127.0.0.1', String(port)]);
  }
  const until = Date.now() + readyWithinMs;
  for (const { port } of nodes) {
    for (;;) {
      const info = await command(port, ['CLUSTER', 'INFO']);
      if (info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${masters}`)) break;
      if (Date.now() > until) throw new Error(`the Redis Cluster was not ready within ${readyWithinMs} ms`);
      await delay(50);
    }
  }
  return {
    nodes,
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/** Sends one command on a new connection; the whole reply as text. Rejects for an error. */
function command(port: number, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(`${words.join(' ')}\r\n`));
    socket.setTimeout(5000, () => socket.destroy(new Error(`${words.join(' ')}: no answer`)));
    socket.once('error', reject);
    socket.on('data', (data) => {
      answer += data.toString();
      if (!isWhole(answer)) return;
      socket.destroy();
      if (answer.startsWith('-')) reject(new Error(`${words.join(' ')}: ${answer.trim()}`));
      else resolve(answer);
    });
  });
}

/** A simple string, an error, or a complete bulk string. */
function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n');
  if (end < 0) return false;
  return !answer.startsWith('$') || answer.length >= end + 2 + Number(answer.slice(1, end)) + 2;
}
