import type { SwitchStore } from '@tollgate/core';
import {
  processName,
  publish,
  type SwitchEntry,
  type SwitchState,
  switchKey,
  switchPattern,
  switchPatternCovers,
  withinDeadline,
} from '@tollgate/core/internal';

/** How a board keeps up with its store. */
export interface SwitchBoardOptions {
  readonly store: SwitchStore;
  readonly pollMs: number;
  readonly deadlineMs: number;
  readonly now: () => number;
  /** Something was switched off or on. */
  readonly changed: (entries: readonly SwitchEntry[]) => void;
}

/** The switched-off entries known to this process: read every `pollMs`, and at every hint. The last known entries stay while the store is away. */
export class SwitchBoard {
  #entries = new Map<string, SwitchEntry>();
  /** The entries that match several names; usually none. */
  #patterns: readonly { readonly pattern: string; readonly entry: SwitchEntry }[] = [];
  #version: string | undefined;
  #reading: Promise<void> | undefined;
  #again = false;
  #failing = false;
  readonly #timer: NodeJS.Timeout;
  readonly #unhint: (() => void) | undefined;

  constructor(private readonly options: SwitchBoardOptions) {
    this.#timer = setInterval(() => void this.refresh(), options.pollMs);
    this.#timer.unref();
    this.#unhint = options.store.onHint?.(() => void this.refresh());
    void this.refresh();
  }

  /** Whether the store has ever responded. */
  get isKnown(): boolean {
    return this.#version !== undefined;
  }

  /** Nothing is off. */
  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** The first of these names that is off now. */
  find(keys: readonly string[]): SwitchEntry | undefined {
    return this.#first(keys, () => true);
  }

  /** The first of these names that is switched off now by an entry that cuts running requests. */
  findCutting(keys: readonly string[]): SwitchEntry | undefined {
    return this.#first(keys, ({ cutsRunning }) => cutsRunning);
  }

  /** Reads the store; never rejects. Called during a read, it reads once more afterwards. */
  refresh(): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined;
      if (!this.#again) return;
      this.#again = false;
      void this.refresh();
    });
    return this.#reading;
  }

  end(): void {
    clearInterval(this.#timer);
    this.#unhint?.();
  }

  #first(keys: readonly string[], wanted: (entry: SwitchEntry) => boolean): SwitchEntry | undefined {
    if (this.isEmpty) return undefined;
    const now = this.options.now();
    const holds = (entry: SwitchEntry): boolean =>
      (entry.expiresAtMs ?? Number.POSITIVE_INFINITY) > now && wanted(entry);
    for (const key of keys) {
      const exact = this.#entries.get(key);
      if (exact && holds(exact)) return exact;
      for (const { pattern, entry } of this.#patterns) {
        if (switchPatternCovers(pattern, key) && holds(entry)) return entry;
      }
    }
    return undefined;
  }

  async #read(): Promise<void> {
    const { store, deadlineMs } = this.options;
    const late = (): Error => new Error(`no answer within ${deadlineMs} ms`);
    try {
      const state = await withinDeadline(deadlineMs, store.read(this.#version), late);
      if (this.#failing) publish('tollgate:store', () => ({ store: 'switch', state: 'up' }));
      this.#failing = false;
      if (state) this.#take(state);
    } catch (error) {
      if (!this.#failing)
        publish('tollgate:store', () => ({ store: 'switch', state: 'down', error: String(error) }));
      this.#failing = true;
    }
  }

  #take({ version, entries }: SwitchState): void {
    const first = this.#version === undefined;
    this.#version = version;
    this.#entries = new Map(entries.map((entry) => [switchKey(entry.kind, entry.name), entry]));
    this.#patterns = entries.flatMap((entry) => {
      const pattern = switchPattern(entry);
      return pattern === undefined ? [] : [{ pattern, entry }];
    });
    const byWatch = (): string[] =>
      entries.filter(({ by }) => by === 'watch').map(({ kind, name }) => switchKey(kind, name));
    publish('tollgate:switch', () => ({
      version,
      off: [...this.#entries.keys()],
      byWatch: byWatch(),
      first,
    }));
    this.options.changed(entries);
    // At the first start nothing was switched off, and no command waits for a confirmation.
    if (!first || entries.length > 0)
      this.options.store.confirm?.(processName, version).catch(() => undefined);
  }
}
