/** Lets one process at a time do a piece of work in this checkout. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root } from './workspace.mjs';

/** No work here takes so long; an older lock was left by a process whose id may be someone else's by now. */
const maxAgeMs = 5 * 60_000;

function holderIsGone(lock) {
  try {
    if (Date.now() - statSync(lock).mtimeMs > maxAgeMs) return true;
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH' || error.code === 'ENOENT';
  }
}

export async function exclusively(name, work) {
  const lock = join(root, '.work', `${name}.lock`);
  mkdirSync(join(root, '.work'), { recursive: true });
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (holderIsGone(lock)) rmSync(lock, { force: true });
      else await pause(50);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}
