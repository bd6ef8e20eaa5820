import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { answering, launchServer, type RedisProcess, startRedis } from './redis-process.js';

/** A master, its replica, and a Sentinel that watches them: real processes on free ports. */
export interface RedisSentinel {
  /** Under which the Sentinel lists the master, whichever server that is. */
  readonly name: string;
  /** The Sentinel's own. */
  readonly port: number;
  /** The one that was master at the start. */
  readonly master: RedisProcess;
  readonly replica: RedisProcess;
  stop(): Promise<void>;
}

/** Starts them; a master that has been silent for half a second is replaced. */
export async function startRedisSentinel(): Promise<RedisSentinel> {
  const name = 'main';
  const master = await startRedis();
  const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(master.port)] });
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-sentinel-'));
  const port = await freePort();
  // A Sentinel writes its state into its configuration.
  const file = join(folder, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${name} 127.0.0.1 ${master.port} 1`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 5000`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const sentinel = launchServer([file, '--sentinel']);
  await answering(port, sentinel);
  return {
    name,
    port,
    master,
    replica,
    async stop() {
      const exit = once(sentinel, 'exit');
      if (sentinel.exitCode === null && sentinel.kill('SIGKILL')) await exit;
      await Promise.all([master.stop(), replica.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
