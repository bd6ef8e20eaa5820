import { setImmediate as turn } from 'node:timers/promises';
import { type LearnedStore, publish, warnOnce } from '@tollgate/core/internal';
import type { Analysis } from '../detectors/analysis.js';
import type { SavedRecord } from '../features/subject-record.js';

/** A subject that was not seen for this long is forgotten, in ms: its habits are of the latest 28 days. */
const forgottenAfterMs = 35 * 86_400_000;
/** Records turned into text at once: about a millisecond of work. */
const portionSize = 50;

/** Loads what was learned before, and saves it at intervals and at the end. A store that fails loses nothing but what it would have kept. */
export class Keeper {
  readonly #timer: NodeJS.Timeout;
  readonly #loaded: Promise<void>;
  #isLoaded = false;
  #saving: Promise<void> | undefined;
  /** Subjects that were seen later have changed. */
  #savedMs: number;

  constructor(
    private readonly store: LearnedStore,
    private readonly analysis: Analysis,
    private readonly now: () => number,
    everyMs: number,
  ) {
    this.#savedMs = now();
    this.#loaded = this.#load();
    this.#timer = setInterval(() => void this.save(), everyMs).unref();
  }

  /** Resolves when what was learned before is known; or when it could not be loaded, and is tried again before anything is saved. */
  get loaded(): Promise<void> {
    return this.#loaded;
  }

  /** Writes what has changed. Never rejects; one at a time. */
  save(): Promise<void> {
    this.#saving ??= this.#save()
      .catch((error: unknown) => failed('save', error))
      .finally(() => {
        this.#saving = undefined;
      });
    return this.#saving;
  }

  /** Saves a last time. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#loaded;
    await this.#saving;
    await this.save();
  }

  async #load(): Promise<void> {
    try {
      for await (const portion of this.store.load()) {
        const old = portion.flatMap(([subject, text]) => (this.#take(text) ? [] : [subject]));
        if (old.length > 0) await this.store.forget?.(old);
        await turn();
      }
      this.#isLoaded = true;
    } catch (error) {
      failed('load', error);
    }
  }

  /** `false`: it is too old. A record that another version wrote, or that is damaged, is left out: its subject is learned again. */
  #take(text: string): boolean {
    try {
      const saved = JSON.parse(text) as SavedRecord;
      if (this.now() - saved.seenMs > forgottenAfterMs) return false;
      this.analysis.restore(saved);
      return true;
    } catch (error) {
      failed('load', error);
      return true;
    }
  }

  async #save(): Promise<void> {
    await this.#loaded;
    // A process that could not read the store must not overwrite it.
    if (!this.#isLoaded) await this.#load();
    if (!this.#isLoaded) return;
    const sinceMs = this.store.wantsAll === true ? Number.NEGATIVE_INFINITY : this.#savedMs;
    const startedMs = this.now();
    let portion: (readonly [string, string])[] = [];
    for (const [subject, record] of this.analysis.learnedSince(sinceMs)) {
      portion.push([subject, JSON.stringify(record.save())]);
      if (portion.length < portionSize) continue;
      await this.store.save(portion, false);
      portion = [];
      await turn();
    }
    await this.store.save(portion, true);
    this.#savedMs = startedMs;
  }
}

function failed(what: 'load' | 'save', error: unknown): void {
  publish('tollgate:fault', () => ({ where: `watch.learned.${what}`, error: String(error) }));
  warnOnce(
    'TOLLGATE_W_LEARNED',
    `watch: what was learned about usual behaviour could not be ${what === 'load' ? 'loaded' : 'saved'}: ${error instanceof Error ? error.message : 'unknown error'}`,
  );
}
