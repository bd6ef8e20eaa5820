import { mkdirSync, readdirSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { UsageEvent } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { lockDirectory } from '../connection/directory-lock.js';
import { Segments } from './segments.js';

/** One process's part of a spool's folder. */
export interface OwnPart {
  readonly segments: Segments;
  /** Gives it back, and removes it where nothing is left in it. */
  end(): Promise<void>;
}

const begins = 'part-';

/** A new part for this process. Throws where the folder cannot be written to. */
export function ownPart(directory: string, sync: boolean): OwnPart {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return take(join(directory, begins + newId()), sync);
}

function take(path: string, sync: boolean): OwnPart {
  const lock = lockDirectory(path);
  const segments = new Segments(path, sync);
  return {
    segments,
    async end() {
      await segments.rotate();
      lock.release();
      await rmdir(path).catch(() => undefined); // not empty: the next process takes it over
    },
  };
}

/** Delivers the events of parts whose processes have ended, and removes the parts. Rejects where the events cannot be delivered now. */
export async function adoptAbandoned(
  directory: string,
  sync: boolean,
  handOn: (events: readonly UsageEvent[], torn: number) => Promise<void>,
): Promise<void> {
  for (const name of readdirSync(directory).filter((one) => one.startsWith(begins))) {
    const part = takeIfLeft(join(directory, name), sync);
    if (!part) continue;
    try {
      await part.segments.find();
      for (let oldest = await part.segments.oldest(); oldest; oldest = await part.segments.oldest()) {
        await handOn(oldest.events, oldest.torn);
        await part.segments.removeOldest();
      }
    } finally {
      await part.end();
    }
  }
}

/** `undefined` where a living process has it. */
function takeIfLeft(path: string, sync: boolean): OwnPart | undefined {
  try {
    return take(path, sync);
  } catch {
    return undefined;
  }
}
