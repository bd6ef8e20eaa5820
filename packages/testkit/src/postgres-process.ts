import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { ensurePostgres } from './postgres-install.js';
import { endWithThisProcess } from './watchdog.js';

/** A PostgreSQL server of our own, on loopback; it ends when this process does, however that ends. */
export interface PostgresProcess {
  readonly port: number;
  /** Of its superuser, on the database `postgres`. */
  readonly url: string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
  /** Ends it at once, with its connections; committed data is kept. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with its data. */
  restart(): Promise<void>;
  /** SIGSTOP to every process of it: the server freezes, its connections stay open. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
}

const readyWithinMs = 45_000;

/** PostgreSQL refuses to run as root: it is run as another user then. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const identity = isRoot ? { uid: nobody, gid: nobody } : {};

/** Starts a server on a free port with an empty database; where there is none, it is installed by the system's package manager. */
export async function startPostgres(): Promise<PostgresProcess> {
  const bin = ensurePostgres();
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-postgres-'));
  copyEmptyCluster(bin, folder);
  appendFileSync(
    join(folder, 'postgresql.conf'),
    `listen_addresses='127.0.0.1'\nunix_socket_directories=''\nshared_buffers=64MB\nmax_wal_size=4GB\nfsync=off\n`,
  );
  const port = await freePort(); // last: another process could take it while the cluster is copied
  let server = launch(bin, folder, port);
  await answering(folder, server);

  async function kill(): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exit = new Promise<void>((resolve) => server.once('exit', () => resolve()));
    signalAll('SIGCONT');
    // Immediate shutdown: as a crash, but no child is left that keeps the shared memory.
    server.kill('SIGQUIT');
    await exit;
  }

  /** The server leads a separate process group. */
  function signalAll(signal: NodeJS.Signals): void {
    if (server.pid === undefined) return;
    for (const pid of [server.pid, ...childrenOf(server.pid)]) {
      try {
        process.kill(pid, signal);
      } catch {
        // That one has ended.
      }
    }
  }

  return {
    port,
    url: `postgres://tollgate@127.0.0.1:${port}/postgres`,
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
    kill,
    async restart() {
      await kill();
      server = launch(bin, folder, port);
      await answering(folder, server);
    },
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
  };
}

/** Fills a folder with an empty cluster. `initdb` takes seconds, so it runs once for all processes that share `os.tmpdir()`; others copy. */
function copyEmptyCluster(bin: string, folder: string): void {
  const kept = join(
    tmpdir(),
    `tollgate-empty-postgres-${createHash('sha256')
      .update(`${bin} ${statSync(join(bin, 'initdb')).mtimeMs}`)
      .digest('hex')
      .slice(0, 16)}`,
  );
  if (!existsSync(kept)) {
    const made = mkdtempSync(join(tmpdir(), 'tollgate-postgres-made-'));
    if (isRoot) chownSync(made, nobody, nobody);
    initialise(bin, made);
    try {
      renameSync(made, kept);
    } catch {
      // Another process has created it meanwhile.
      rmSync(made, { recursive: true, force: true });
    }
  }
  // Keeps owners and modes, which PostgreSQL checks.
  const copied = spawnSync('cp', ['-a', `${kept}/.`, folder], { encoding: 'utf8' });
  if (copied.status !== 0)
    throw new Error(`an empty cluster could not be copied: ${copied.stderr || copied.error}`);
}

function initialise(bin: string, folder: string): void {
  const made = spawnSync(
    join(bin, 'initdb'),
    [
      ...['-D', folder, '-U', 'tollgate', '--auth=trust', '--encoding=UTF8', '--no-locale'],
      ...['--no-sync', '--no-instructions'],
    ],
    { encoding: 'utf8', cwd: tmpdir(), ...identity },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr || made.error}`);
}

function launch(bin: string, folder: string, port: number): ChildProcess {
  const server = spawn(join(bin, 'postgres'), ['-D', folder, '-p', String(port)], {
    stdio: 'ignore',
    cwd: tmpdir(),
    ...identity,
  });
  endWithThisProcess(server);
  return server;
}

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map(Number)
    .filter((child) => child > 0);
}

async function answering(folder: string, server: ChildProcess): Promise<void> {
  const until = Date.now() + readyWithinMs;
  while (!isReady(folder, server.pid)) {
    if (server.exitCode !== null) throw new Error(`postgres ended at once (exit code ${server.exitCode})`);
    if (Date.now() > until) throw new Error(`postgres was not ready within ${readyWithinMs} ms`);
    await delay(20);
  }
}

/** Whether the server takes connections, by the file in which it says so: its first line is the process id, its last the status. */
function isReady(folder: string, pid: number | undefined): boolean {
  const file = join(folder, 'postmaster.pid');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return Number(lines[0]) === pid && lines.at(-1)?.trim() === 'ready';
}
