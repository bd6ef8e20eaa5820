import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

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
    }
    const { size } = await this.#file.stat();
    try {
      await this.#file.appendFile(text);
      if (this.sync) await this.#file.datasync();
    } catch (error) {
      await this.#file.truncate(size).catch(() => undefined);
      await this.#file.close().catch(() => undefined);
      this.#file = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}
