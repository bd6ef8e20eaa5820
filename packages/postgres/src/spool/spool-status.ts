import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../connection/error-code.js';

/** The events that wait in a spool's folder. */
export interface SpoolStatus {
  /** Paid attempts that the ledger does not have yet. */
  readonly waiting: number;
  /** Bytes on the disk. */
  readonly bytes: number;
  /** Events that no row can hold, in `refused.jsonl`. */
  readonly refused: number;
}

/** Counts the events in a spool's folder, also beside a running app. A folder that does not exist has none. */
export async function spoolStatus(directory: string): Promise<SpoolStatus> {
  const names = await readdir(directory, { recursive: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  let [waiting, bytes, refused] = [0, 0, 0];
  for (const name of names.filter((one) => one.endsWith('.jsonl'))) {
    const text = await readFile(join(directory, name), 'utf8').catch(() => ''); // delivered meanwhile
    const lines = text.split('\n').filter((line) => line !== '').length;
    if (name === 'refused.jsonl') refused += lines;
    else {
      waiting += lines;
      bytes += Buffer.byteLength(text);
    }
  }
  return { waiting, bytes, refused };
}
