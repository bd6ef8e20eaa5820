import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { codeOf } from './error-code.js';

const lockName = 'tollgate.lock';
/** How often the owner of a lock renews it, and the silence after which the lock of another machine counts as abandoned. */
const beatMs = 10_000;
const silentMs = 60_000;

/** Folders that this process has open, also by another copy of this module. */
const held = heldDirectories();

/** A folder that only this process uses. */
export interface DirectoryLock {
  /** Gives it back. */
  release(): void;
}

/**
 * Takes a folder for this process, making it where it is missing. The lock is a file that names machine and process, so one that was
 * killed does not keep it; of another machine (a container) it is kept as long as it is touched. Throws an error that names who has it.
 */
export function lockDirectory(directory: string): DirectoryLock {
  const path = resolve(directory);
  const file = join(path, lockName);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (held.has(path)) throw new Error(`${path} is in use by this process already`);
  for (let tries = 0; ; tries += 1) {
    try {
      writeFileSync(file, `${process.pid} ${hostname()}`, { flag: 'wx', mode: 0o600 });
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || tries === 3) throw error;
      const owner = livingOwner(file);
      if (owner !== undefined) {
        throw new Error(`${path} is in use by ${owner}: it takes one process; use PostgreSQL for more`);
      }
      rmSync(file, { force: true });
    }
  }
  held.add(path);
  const beat = setInterval(() => touch(file), beatMs);
  beat.unref();
  return {
    release() {
      clearInterval(beat);
      if (held.delete(path)) rmSync(file, { force: true });
    },
  };
}

/** A description of the lock's owner; `undefined`: it no longer runs. */
function livingOwner(file: string): string | undefined {
  try {
    const [pid = 0, host = ''] = readFileSync(file, 'utf8').split(' ');
    if (host !== hostname()) {
      return Date.now() - statSync(file).mtimeMs < silentMs ? `process ${pid} on ${host}` : undefined;
    }
    // Our own number, and not held: left by a process before us, as in a container that starts again.
    return Number(pid) !== process.pid && isAlive(Number(pid)) ? `process ${pid}` : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return Number.isSafeInteger(pid) && pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // The folder was removed under us: there is nothing to hold.
  }
}

function heldDirectories(): Set<string> {
  const shared = globalThis as { [key: symbol]: Set<string> | undefined };
  const key = Symbol.for('tollgate.directories.v1');
  const directories = shared[key] ?? new Set();
  shared[key] = directories;
  return directories;
}
