import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { ensureRedis } from './redis-install.js';
import { endWithThisProcess } from './watchdog.js';

/** A redis-server of our own, on loopback; it ends when this process does, however that ends. */
export interface RedisProcess {
  readonly port: number;
  readonly url: string;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP: the server freezes, its connections stay open. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Starts it again on the same port, killing it first where it runs; it is empty then, for it keeps nothing on disk. */
  restart(): Promise<void>;
}

export interface RedisProcessOptions {
  /** Further arguments of redis-server, e.g. `['--maxmemory', '10mb']`. */
  args?: readonly string[];
}

const readyWithinMs = 10_000;

/** Starts a redis-server from the PATH on a free port; where there is none, it is installed by the system's package manager first. */
export async function startRedis({ args = [] }: RedisProcessOptions = {}): Promise<RedisProcess> {
  ensureRedis();
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-redis-'));
  let port = await freePort();
  let server = launch(port, folder, args);
  for (let tries = 1; ; tries += 1) {
    try {
      await answering(port, server);
      break;
    } catch (error) {
      // Another process may have taken the port meanwhile.
      if (server.exitCode === null || tries === 3) throw error;
      port = await freePort();
      server = launch(port, folder, args);
    }
  }

  async function kill(): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exit = new Promise<void>((resolve) => server.once('exit', () => resolve()));
    server.kill('SIGKILL');
    await exit;
  }

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
    kill,
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    async restart() {
      await kill();
      server = launch(port, folder, args);
      await answering(port, server);
    },
  };
}

function launch(port: number, folder: string, args: readonly string[]): ChildProcess {
  const own = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--loglevel',
    'warning',
  ];
  return launchServer([...own, ...args]);
}

/** A redis-server with these arguments, which ends when this process does. */
export function launchServer(args: readonly string[]): ChildProcess {
  const server = spawn('redis-server', args, { stdio: 'ignore' });
  endWithThisProcess(server);
  return server;
}

/** Waits until a server answers, and not another one on its port; rejects when it has ended, or does not answer in time. */
export async function answering(port: number, server: ChildProcess): Promise<void> {
  const until = Date.now() + readyWithinMs;
  while (!(await answers(port, server.pid))) {
    if (server.exitCode !== null)
      throw new Error(`redis-server ended at once (exit code ${server.exitCode})`);
    if (Date.now() > until)
      throw new Error(`redis-server on port ${port} did not answer within ${readyWithinMs} ms`);
    await delay(15);
  }
}

function answers(port: number, pid: number | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\nINFO server\r\n'));
    const finish = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    let text = '';
    socket.on('data', (data) => {
      text += data.toString();
      const [, found] = /^process_id:(\d+)\r$/m.exec(text) ?? [];
      if (found !== undefined) finish(text.startsWith('+PONG') && Number(found) === pid);
    });
    socket.once('error', () => finish(false));
    socket.setTimeout(500, () => finish(false));
  });
}
