import { TollgateError } from '@tollgate/core';
import type { Call } from '@tollgate/core/internal';
import { contentOf } from '../inspect/body-walk.js';
import type { Report } from '../inspect/inspection.js';
import { cutsOf, redacted } from '../inspect/redacted.js';
import { combinedWeight, type Finding, type Rule } from '../inspect/rule.js';
import { type EventFrame, EventFrames, withData } from './event-frames.js';
import { type EventText, type ReadEvent, readEvent } from './event-texts.js';
import { filteredBody, filteredEnd } from './filtered-end.js';
import { type AnswerFinding, Lane } from './lane.js';
import { StreamMemory } from './stream-head.js';
import { withoutLogprobs } from './without-logprobs.js';

const none = new Uint8Array(0);
/** Longest answer in one piece that is read; a longer one is withheld. */
const maxBodyBytes = 32 * 1024 * 1024;

/** An event on its way: it is released once all its texts are settled and all earlier events are released. */
interface Queued {
  readonly frame: Buffer;
  readonly event: unknown;
  waiting: number;
  changed: boolean;
}

/** Inspects one response while it passes: redacts it, ends it as a content filter would, or reports it. */
export class AnswerGuard {
  #mode: 'unread' | 'events' | 'body' | 'ignored' = 'unread';
  readonly #frames = new EventFrames();
  readonly #lanes = new Map<string, Lane>();
  readonly #head = new StreamMemory();
  #queue: Queued[] = [];
  #body: Uint8Array[] = [];
  #bodyBytes = 0;
  #withheld = false;
  /** The rules may remove text from the response. */
  readonly #acts: boolean;

  constructor(
    private readonly call: Call,
    private readonly rules: readonly Rule[],
    private readonly report: (report: Report) => void,
  ) {
    this.#acts = rules.some(({ action }) => action !== 'flag');
  }

  /** Takes the provider's status and content type. Its errors are not inspected. */
  begin(status: number, contentType: string | undefined): void {
    if (status >= 300) this.#mode = 'ignored';
    else if (contentType?.includes('text/event-stream')) this.#mode = 'events';
    else if (contentType?.includes('json')) this.#mode = 'body';
  }

  /** Takes bytes of the response; returns the bytes to send now. */
  push(chunk: Uint8Array): Uint8Array {
    if (chunk.length === 0 || this.#mode === 'ignored') return chunk;
    if (this.#mode === 'unread')
      this.#mode = /^\s*[{[]/.test(Buffer.from(chunk).toString('latin1', 0, 64)) ? 'body' : 'events';
    if (this.#withheld) return none;
    if (this.#mode === 'body') return this.#keep(chunk);
    for (const frame of this.#frames.push(chunk)) this.#take(frame);
    return this.#released();
  }

  /** No more bytes follow but these, which the meter has written: the rest of the stream, or the end of one that was stopped. */
  end(tail: Uint8Array): Uint8Array {
    if (this.#mode === 'body') return this.#bodyEnd(tail);
    if (this.#mode !== 'events') return tail;
    if (this.#withheld) return Buffer.from(filteredEnd(this.#head));
    if (this.call.stopped) {
      // The held events are left out: the stream ends here.
      return tail;
    }
    for (const frame of [...this.#frames.push(tail), ...this.#frames.end()]) this.#take(frame);
    for (const lane of this.#lanes.values()) lane.end();
    const released = this.#released();
    if (this.#withheld) return Buffer.concat([released, Buffer.from(filteredEnd(this.#head))]);
    return released;
  }

  #take({ bytes: frame, data }: EventFrame): void {
    if (this.#withheld) return;
    const event = data === undefined || data === '[DONE]' ? undefined : parsed(data);
    const queued: Queued = { frame, event, waiting: 0, changed: false };
    this.#queue.push(queued);
    if (data === '[DONE]') this.#endLanes('all');
    if (event === undefined) return;
    if (this.#acts && withoutLogprobs(event)) queued.changed = true;
    const { texts, ends, repeats } = readEvent(event);
    queued.waiting = texts.length;
    for (const text of texts)
      this.#lane(text.lane).push(marking(text, queued), () => {
        queued.waiting -= 1;
      });
    this.#endLanes(ends);
    if (repeats && this.#redactWhole(event)) queued.changed = true;
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (!lane) {
      lane = new Lane(this.rules, (finding) => this.#found(finding, name));
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  #endLanes(ends: ReadEvent['ends']): void {
    for (const [name, lane] of this.#lanes) {
      if (ends === 'all' || ends.some((one) => name === one || name.startsWith(`${one} `))) lane.end();
    }
  }

  /** The events that may be sent, in their order. */
  #released(): Uint8Array {
    const ready = this.#withheld ? 0 : this.#queue.findIndex(({ waiting }) => waiting > 0);
    const going = this.#queue.splice(0, ready === -1 ? this.#queue.length : ready);
    if (this.#withheld) this.#queue = [];
    const bytes = going.map(({ frame, event, changed }) => {
      this.#head.see(event);
      return changed ? withData(frame, JSON.stringify(event)) : frame;
    });
    return bytes.length === 1 ? (bytes[0] as Buffer) : Buffer.concat(bytes);
  }

  #found({ rule, findings, weight }: AnswerFinding, path: string): void {
    const kinds = [...new Set(findings.map(({ kind }) => kind))];
    this.report({ rule: rule.name, kinds, action: rule.action, where: 'output', path, weight });
    if (rule.action === 'block') this.#withhold(rule.name);
  }

  #withhold(rule: string): void {
    for (const { event } of this.#queue) this.#head.recognise(event);
    this.#withheld = true;
    if (this.#mode === 'events') this.call.stop(withheldBy(rule));
  }

  #keep(chunk: Uint8Array): Uint8Array {
    this.#bodyBytes += chunk.length;
    if (this.#bodyBytes <= maxBodyBytes) this.#body.push(Buffer.from(chunk));
    else {
      this.#body = [];
      this.call.stop(tooLarge());
    }
    return none;
  }

  #bodyEnd(tail: Uint8Array): Uint8Array {
    if (this.#bodyBytes > maxBodyBytes) return none;
    const bytes = Buffer.concat([...this.#body, tail]);
    const body = parsed(bytes.toString('utf8'));
    if (body === undefined) return bytes;
    const stripped = this.#acts && withoutLogprobs(body);
    const changed = this.#redactWhole(body) || stripped;
    if (this.#withheld) return Buffer.from(JSON.stringify(filteredBody(body)));
    return changed ? Buffer.from(JSON.stringify(body)) : bytes;
  }

  /** Inspects every text of a body, or of an event that repeats whole texts; returns whether anything was redacted. */
  #redactWhole(body: unknown): boolean {
    let changed = false;
    for (const text of contentOf(body).texts) {
      const cut: Finding[] = [];
      for (const rule of this.rules) {
        const findings = rule.find(text.text, { path: text.path, role: undefined });
        const weight = combinedWeight(findings);
        if (findings.length === 0 || weight < (rule.threshold ?? 0)) continue;
        if (this.#mode === 'body') this.#found({ rule, findings, weight }, text.path);
        else if (rule.action === 'block') this.#withhold(rule.name);
        if (rule.action !== 'redact') continue;
        // The name of a member cannot be redacted.
        if (text.replace) cut.push(...findings);
        else this.#withhold(rule.name);
      }
      if (cut.length === 0) continue;
      text.replace?.(redacted(text.text, cutsOf(cut)));
      changed = true;
    }
    return changed;
  }
}

/** A text that marks its event as changed when it is replaced. */
function marking(text: EventText, queued: Queued): EventText {
  return {
    ...text,
    replace: (instead) => {
      queued.changed = true;
      text.replace(instead);
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withheldBy(rule: string): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'prompt_rejected',
    message: `The answer was withheld by the rule "${rule}" of this service.`,
    retryAfterMs: false,
  });
}

function tooLarge(): TollgateError {
  return new TollgateError({
    status: 502,
    code: 'upstream_error',
    message: 'The provider answered with more than can be looked at.',
    retryAfterMs: false,
  });
}
