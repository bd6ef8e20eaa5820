import type { UsageEvent } from '@tollgate/core';
import { calendarSpan, calendarSpanOf, refillRate, type Window } from '@tollgate/core/internal';
import { Packer } from './packer.js';
import type { Standing } from './standings.js';

/** About as much as an operation takes. */
const operationBytes = 512;

/** The arguments of one script call: windows and usage events, which its operations refer to by number. */
export class CallArguments {
  /** For the operations. */
  readonly packer: Packer;
  readonly #count: number;
  readonly #nowMs: number;
  readonly #marginMs: number;
  readonly #standing: Standing;
  readonly #record: boolean;
  readonly #windows: SentWindow[] = [];
  readonly #indexes = new Map<Window, number>();
  readonly #events: string[] = [];

  /**
   * `nowMs`: the server's clock as known here; `marginMs`: its possible error; `standing`: the state that the partition must have reached;
   * `record`: whether usage events are sent.
   */
  constructor(count: number, nowMs: number, marginMs: number, standing: Standing, record: boolean) {
    this.#count = count;
    this.#nowMs = nowMs;
    this.#marginMs = marginMs;
    this.#standing = standing;
    this.#record = record;
    this.packer = new Packer(operationBytes * count);
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

  /** The window's id in the span that is named first: the scripts assume that this is the current one, unless the clock shows another. */
  windowId(window: Window): string {
    if (window.kind !== 'calendar') return window.kind;
    const sent = this.#windows[this.window(window) - 1];
    return typeof sent?.[0] === 'object' ? sent[0].id : '';
  }

  /** The end of a calendar window of that id, whatever this process takes the time for; 0 where there is none. */
  endOf(window: Window & { kind: 'calendar' }, id: string): number {
    const present = calendarSpan(window, this.#nowMs);
    return (present.id === id ? present : calendarSpanOf(window, id))?.endMs ?? 0;
  }

  /**
   * Position of the event among the script's arguments; 0 for none, and where no consumer reads the outbox: a lease that contains an event
   * causes the process that reaps it to write that event.
   */
  event(event: UsageEvent | undefined): number {
    if (!event || !this.#record) return 0;
    this.#events.push(JSON.stringify(event));
    return 1 + this.#count + this.#events.length;
  }

  all(operations: readonly (string | Buffer)[]): (string | Buffer)[] {
    return [this.#head(), ...operations, ...this.#events];
  }

  /**
   * The numbers of operations and windows, the known state of the partition, and the period in which every span that is named first is
   * open; for each window the number of spans, and id, start and end of each, or none and a rate.
   */
  #head(): Buffer {
    const first = this.#windows.flatMap((window) => (isRate(window) ? [] : window.slice(0, 1)));
    const packer = this.packer
      .short(this.#count)
      .short(this.#windows.length)
      .number(this.#standing.seenMs)
      .number(this.#standing.generation)
      .number(Math.max(0, ...first.map(({ startMs }) => startMs)))
      .number(Math.min(Number.MAX_SAFE_INTEGER, ...first.map(({ endMs }) => endMs)));
    for (const window of this.#windows) {
      if (isRate(window)) {
        packer.byte(0).text('').number(window[0]).number(window[1]);
      } else {
        packer.byte(window.length);
        for (const { id, startMs, endMs } of window) packer.text(id).number(startMs).number(endMs);
      }
    }
    return packer.done();
  }

  #spans(window: Window & { kind: 'calendar' }): CalendarSpan[] {
    const span = calendarSpan(window, this.#nowMs);
    const spans = [span];
    if (this.#nowMs - span.startMs < this.#marginMs) spans.push(calendarSpan(window, span.startMs - 1));
    if (span.endMs - this.#nowMs < this.#marginMs) spans.push(calendarSpan(window, span.endMs));
    return spans;
  }
}

type CalendarSpan = ReturnType<typeof calendarSpan>;
type Rate = readonly [numerator: number, denominator: number];
type SentWindow = Rate | readonly CalendarSpan[];

const isRate = (window: SentWindow): window is Rate => typeof window[0] === 'number';

export function rateOf(bucket: Window & { kind: 'bucket' }): Rate {
  const { numerator, denominator } = refillRate(bucket);
  return [numerator, denominator];
}
