import { createReadStream } from 'node:fs';
import { appendFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { accepts, checkOptions, type LearnedStore } from '@tollgate/core/internal';

/** Lines in a portion that is loaded. */
const linesAtOnce = 500;

/**
 * Learned habits in a file of JSON lines, for one process: written to `<path>.new` and renamed when it is complete, so that a crash leaves
 * the file before it. Throws a `TypeError` for a path that is no text.
 */
export function fileLearned(path: string): LearnedStore {
  checkOptions<{ path: string }>('fileLearned', { path }, { path: accepts.string }, ['path']);
  const next = `${path}.new`;
  let isBegun = false;
  return {
    wantsAll: true,
    async *load() {
      const input = createReadStream(path, 'utf8');
      const isThere = await new Promise<boolean>((resolve, reject) => {
        input.once('open', () => resolve(true));
        input.once('error', (error: NodeJS.ErrnoException) =>
          error.code === 'ENOENT' ? resolve(false) : reject(error),
        );
      });
      if (!isThere) return;
      let portion: (readonly [string, string])[] = [];
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        const at = line.indexOf('\t');
        if (at === -1) continue;
        portion.push([line.slice(0, at), line.slice(at + 1)]);
        if (portion.length < linesAtOnce) continue;
        yield portion;
        portion = [];
      }
      yield portion;
    },
    async save(portion, isLast) {
      const isNew = !isBegun;
      // Until it has succeeded: what a failed save has left is not continued.
      isBegun = false;
      if (isNew) {
        await mkdir(dirname(path), { recursive: true });
        await rm(next, { force: true });
      }
      const lines = portion.map(([subject, record]) => `${subject.replace(/[\t\n\r]/g, ' ')}\t${record}\n`);
      await appendFile(next, lines.join(''), { mode: 0o600 });
      if (isLast) await rename(next, path);
      isBegun = !isLast;
    },
  };
}
