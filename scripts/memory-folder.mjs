/** A folder for temporary files that is kept in memory: databases that tests start and remove are copied there many times faster than on a disk. */
import { chmodSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

const memory = '/dev/shm';
const prefix = 'tollgate-tests-';
/** Memory for the databases of all workers together, with some to spare. */
const neededBytes = 4 * 2 ** 30;

function hasRoom() {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize >= neededBytes;
  } catch {
    return false; // Only Linux has it.
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Another user's folder stays, and one in which a server is still ending is removed by the next run. */
function remove(folder) {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {}
}

/** The folder's path, or `undefined` where memory is short. It is removed when this process ends; if that is killed, by the next run. */
export function memoryFolder() {
  if (!hasRoom()) return undefined;
  for (const name of readdirSync(memory)) {
    if (name.startsWith(prefix) && !isRunning(Number.parseInt(name.slice(prefix.length), 10)))
      remove(join(memory, name));
  }
  const folder = mkdtempSync(join(memory, `${prefix}${process.pid}-`));
  // PostgreSQL runs as another user where the tests run as root.
  chmodSync(folder, 0o711);
  process.once('exit', () => remove(folder));
  return folder;
}
