/** Something that was put off for a moment. */
export interface Deferred {
  flushDeferred(): void;
}

/** The longest that anything is put off. */
const longestMs = 100;
const waiting = new Set<Deferred>();
let timer: NodeJS.Timeout | undefined;

/** Puts a settlement off, at most 100 ms, so that it can travel with its request's end. One timer for the whole process. */
export function defer(one: Deferred): void {
  waiting.add(one);
  timer ??= setTimeout(flushAll, longestMs);
  timer.unref();
}

/** It was settled meanwhile. */
export function undefer(one: Deferred): void {
  waiting.delete(one);
}

function flushAll(): void {
  timer = undefined;
  const due = [...waiting];
  waiting.clear();
  for (const one of due) one.flushDeferred();
}
