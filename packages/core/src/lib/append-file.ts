import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** From Node 26 on, a handle that is collected while it is open ends the process: an app that forgets to close a sink must not end for it. */
const unclosed = new Set<FileHandle>();

/** A file that is only appended to: each text whole or not at all. Made at the first write, with missing directories, for its owner alone. */
export class AppendFile {
  #file: FileHandle | undefined;

  /** `sync`: force each text to the disk before it counts as written. */
  constructor(
    readonly path: string,
    private readonly sync: boolean,
  ) {}

  /** One append at a time. Rejects where the file cannot be written; the next attempt opens it again. */
  async append(text: string): Promise<void> {
    if (!this.#file) {
      await mkdir(dirname(this.path), { recursive: true });
      this.#file = await open(this.path, 'a', 0o600);
      unclosed.add(this.#file);
    }
    const file = this.#file;
    const bytes = Buffer.from(text);
    let written = 0;
    try {
      while (written < bytes.length) written += (await file.write(bytes, written)).bytesWritten;
      if (this.sync) await file.datasync();
    } catch (error) {
      if (written > 0) await takeOff(file, written).catch(() => undefined);
      await this.close().catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    if (!file) return;
    this.#file = undefined;
    unclosed.delete(file);
    await file.close();
  }
}

/** Takes the last bytes of a file off again. */
async function takeOff(file: FileHandle, bytes: number): Promise<void> {
  const { size } = await file.stat();
  await file.truncate(Math.max(0, size - bytes));
}
