import { type IndexedEntry, IndexedList } from '@tollgate/core/internal';

/** Something that was put off for a moment. */
export interface Deferred {
  flushDeferred(): void;
}

/** The longest that anything is put off. */
const longestMs = 100;
const waiting = new IndexedList<Deferred>();
let timer: NodeJS.Timeout | undefined;

/** Puts a settlement off, at most 100 ms, so that it can travel with its request's end. One timer for the whole process. */
export function defer(one: Deferred): IndexedEntry<Deferred> {
  timer ??= setTimeout(flushAll, longestMs);
  timer.unref();
  return waiting.add(one);
}

/** It has been settled meanwhile. */
export function undefer(place: IndexedEntry<Deferred>): void {
  waiting.remove(place);
}

function flushAll(): void {
  timer = undefined;
  for (const one of waiting.clear()) one.flushDeferred();
}
