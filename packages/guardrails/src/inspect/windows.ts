import { combinedWeight, type Finding, type Rule, type TextPlace } from './rule.js';

/** Shortest window, in UTF-16 units: a few milliseconds of work for all rules together. */
const shortestWindow = 8_192;

/** The least length of a window, in multiples of the overlap of two windows. */
const timesReach = 4;

/** A window begins and ends between words where one ends within this many UTF-16 units. */
const longestWord = 256;

/** Work between two turns of the event loop: UTF-8 bytes of text times rules. Text outside of ASCII takes longer for its length. */
const bytesPerTurn = 16_384;

/** Fixed cost of inspecting a text, in bytes of text. */
const bytesPerLook = 64;

/** A rule's finding in a text. */
export interface Found {
  /** Of the windows that reach the rule's threshold. */
  readonly findings: readonly Finding[];
  /** Their kinds. */
  readonly counted: ReadonlySet<string>;
  /** The kinds of everything that was found, below the threshold too. */
  readonly kinds: ReadonlySet<string>;
  /** The highest combined weight of a window; 0 where nothing was found. */
  readonly weight: number;
}

/** Lets the event loop turn between pieces of work, however many texts a body has. One for each body. */
export class Pace {
  #spent = 0;
  /** Bytes inspected so far, and pauses made for other events. */
  readonly work = { bytes: 0, turns: 0 };

  /** Await the result, unless it is `undefined`, before inspecting this many bytes. */
  spend(bytes: number): Promise<void> | undefined {
    this.work.bytes += bytes;
    this.#spent += bytes + bytesPerLook;
    if (this.#spent < bytesPerTurn) return undefined;
    this.#spent = 0;
    return this.#turn();
  }

  /** Await the result at the end: the work after a large body is a separate piece. */
  end(): Promise<void> | undefined {
    return this.work.turns > 0 ? this.#turn() : undefined;
  }

  #turn(): Promise<void> {
    this.work.turns += 1;
    return new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Runs a rule on a text: on the whole of a short one, on windows of a long one if the rule has a `reach`. Each window is judged separately:
 * weak signals far from each other do not add up.
 */
export async function search(rule: Rule, text: string, place: TextPlace, pace: Pace): Promise<Found> {
  const findings: Finding[] = [];
  const kinds = new Set<string>();
  const counted = new Set<string>();
  let weight = 0;
  for (const [from, to] of windowsOf(text, rule.reach)) {
    const window = to - from === text.length ? text : text.slice(from, to);
    const turn = pace.spend(Buffer.byteLength(window));
    if (turn) await turn;
    const found = rule.find(window, place);
    const combined = combinedWeight(found);
    const counts = combined >= (rule.threshold ?? 0);
    weight = Math.max(weight, combined);
    for (const { kind } of found) {
      kinds.add(kind);
      if (counts) counted.add(kind);
    }
    if (counts)
      for (const one of found) findings.push({ ...one, start: one.start + from, end: one.end + from });
  }
  return { findings, counted, kinds, weight };
}

/** The windows of a text, as [from, to): two that follow each other share at least `reach` units. */
export function windowsOf(text: string, reach: number | undefined): (readonly [number, number])[] {
  const size = reach === undefined ? Infinity : Math.max(shortestWindow, timesReach * reach);
  if (reach === undefined || text.length <= size) return [[0, text.length]];
  const windows: (readonly [number, number])[] = [];
  for (let from = 0; ; ) {
    const to = from + size >= text.length ? text.length : betweenWords(text, from + size);
    windows.push([from, to]);
    if (to === text.length) return windows;
    from = betweenWords(text, to - reach);
  }
}

const partOfWord = /[\p{L}\p{M}\p{N}_]/u;

/** The nearest place at or before this one that no word crosses; the place itself in the middle of a long run. */
function betweenWords(text: string, at: number): number {
  for (let place = at; place > at - longestWord; place -= 1) {
    const before = text.codePointAt(place - 1) ?? 0;
    const isSurrogate = before >= 0xd800 && before <= 0xdfff;
    if (!isSurrogate && before <= 0xffff && !partOfWord.test(String.fromCodePoint(before))) return place;
  }
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
