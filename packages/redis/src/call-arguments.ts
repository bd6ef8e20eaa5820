import { calendarSpan, refillRate, type UsageEvent, type Window } from '@tollgate/core';
import { Packer } from './packer.js';

/** The arguments of one script call: windows and usage events, which its operations refer to by number. */
export class CallArguments {
  readonly #count: number;
  readonly #nowMs: number;
  readonly #marginMs: number;
  readonly #windows: (readonly (string | number)[])[] = [];
  readonly #indexes = new Map<Window, number>();
  readonly #events: string[] = [];

  /** `nowMs`: the server's clock as we know it; `marginMs`: how far it may be off. */
  constructor(count: number, nowMs: number, marginMs: number) {
    this.#count = count;
    this.#nowMs = nowMs;
    this.#marginMs = marginMs;
  }

  /** Number of a window in the table, from 1; 0 for live leases. */
  window(window: Window): number {
    if (window.kind === 'live') return 0;
    const known = this.#indexes.get(window);
    if (known !== undefined) return known;
    this.#windows.push(window.kind === 'bucket' ? rateOf(window) : this.#spans(window));
    this.#indexes.set(window, this.#windows.length);
    return this.#windows.length;
  }

  /** The end of a calendar window of that id, if it is the present one or beside it; else 0. */
  endOf(window: Window & { kind: 'calendar' }, id: string): number {
    const span = calendarSpan(window, this.#nowMs);
    if (span.id === id) return span.endMs;
    const next = calendarSpan(window, span.endMs);
    return next.id === id ? next.endMs : 0;
  }

  /** Position of the event among the script's arguments; 0 for none. */
  event(event: UsageEvent | undefined): number {
    if (!event) return 0;
    this.#events.push(JSON.stringify(event));
    return 1 + this.#count + this.#events.length;
  }

  all(operations: readonly (string | Buffer)[]): (string | Buffer)[] {
    return [this.#head(), ...operations, ...this.#events];
  }

  /** How many operations and windows there are; of each window how many figures, then those: id, start, end of each span, or a rate. */
  #head(): Buffer {
    const packer = new Packer().number(this.#count).number(this.#windows.length);
    for (const window of this.#windows) {
      packer.number(window.length);
      for (const figure of window) {
        if (typeof figure === 'string') packer.text(figure);
        else packer.number(figure);
      }
    }
    return packer.done();
  }

  #spans(window: Window & { kind: 'calendar' }): (string | number)[] {
    const span = calendarSpan(window, this.#nowMs);
    const spans: (string | number)[] = [span.id, span.startMs, span.endMs];
    if (this.#nowMs - span.startMs < this.#marginMs) {
      const { id, startMs, endMs } = calendarSpan(window, span.startMs - 1);
      spans.push(id, startMs, endMs);
    }
    if (span.endMs - this.#nowMs < this.#marginMs) {
      const { id, startMs, endMs } = calendarSpan(window, span.endMs);
      spans.push(id, startMs, endMs);
    }
    return spans;
  }
}

export function rateOf(bucket: Window & { kind: 'bucket' }): [numerator: number, denominator: number] {
  const { numerator, denominator } = refillRate(bucket);
  return [numerator, denominator];
}
