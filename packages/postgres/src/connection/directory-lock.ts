import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Folders that this process has open, also by another copy of this module. */
const held = heldDirectories();

/**
 * Takes a folder for this process; returns how to give it back. The lock is a file that names the process, so one that was killed does
 * not keep it. Throws an error that names the folder and the process that has it. Processes must see each other's ids: not two containers.
 */
export function lockDirectory(directory: string): () => void {
  const path = resolve(directory);
  const file = join(path, 'tollgate.lock');
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (held.has(path)) throw inUse(path, process.pid);
  for (let tries = 0; ; tries += 1) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      const owner = ownerOf(file);
      if (!isCode(error, 'EEXIST') || tries === 3) throw error;
      // A number of our own that we do not hold was left by a process before us, as in a container that starts again.
      if (owner !== undefined && owner !== process.pid && isAlive(owner)) throw inUse(path, owner);
      rmSync(file, { force: true });
    }
  }
  held.add(path);
  return () => {
    if (held.delete(path)) rmSync(file, { force: true });
  };
}

function ownerOf(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

function inUse(path: string, pid: number): Error {
  const who = pid === process.pid ? 'this process already' : `process ${pid}`;
  return new Error(
    `${path} is in use by ${who}: an embedded database takes one opener; use PostgreSQL for more`,
  );
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function heldDirectories(): Set<string> {
  const shared = globalThis as { [key: symbol]: Set<string> | undefined };
  const key = Symbol.for('tollgate.directories.v1');
  const directories = shared[key] ?? new Set();
  shared[key] = directories;
  return directories;
}
