import type { Caller } from '@tollgate/core';
import { everybody } from '../features/subject.js';
import { subjectsOfCaller } from '../features/subjects-of-caller.js';
import type { Ladder } from '../ladder/ladder.js';

const hourMs = 3_600_000;

/** Copies of callers whose limits are reduced: the same copy while nothing changes, so that guards' caches by object stay valid. */
export class TightenedCallers {
  readonly #copies = new WeakMap<Caller, Caller>();

  constructor(private readonly ladder: Ladder) {}

  /** The caller, or the copy that takes its place now; of several measures the one with the least factor counts. */
  of(caller: Caller, nowMs: number): Caller {
    let factor = 1;
    let windowsUpToMs = hourMs;
    for (const subject of [everybody, ...subjectsOfCaller(caller)]) {
      const action = this.ladder.active('tighten', subject, nowMs)?.action;
      if (action?.do !== 'tighten' || action.factor >= factor) continue;
      ({ factor, windowsUpToMs = hourMs } = action);
    }
    if (factor === 1) return caller;
    const known = this.#copies.get(caller);
    const { tightened } = known ?? {};
    if (known && tightened?.factor === factor && tightened.windowsUpToMs === windowsUpToMs) return known;
    const copy = Object.freeze({ ...caller, tightened: { factor, windowsUpToMs } });
    this.#copies.set(caller, copy);
    return copy;
  }
}
