/** Detects by content whether files changed since a step last succeeded. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

function filesOf(path) {
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Hashes files, whole folders and plain words into one hexadecimal digest. */
export function digest({ files = [], folders = [], words = [] }) {
  const hash = createHash('sha256');
  for (const file of [...files, ...folders.flatMap(filesOf)])
    hash.update(`${file}\0`).update(existsSync(file) ? readFileSync(file) : 'absent');
  for (const word of words) hash.update(`${word}\0`);
  return hash.digest('hex');
}

export const isStamped = (stamp, value) => existsSync(stamp) && readFileSync(stamp, 'utf8') === value;

export function writeStamp(stamp, value) {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, value);
}
