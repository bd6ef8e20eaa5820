import type { Json } from './json.js';
import type { FramingScript } from './script.js';

/** One event of a stream before it becomes bytes. */
export interface StreamEvent {
  /** Name for an `event:` line. */
  event?: string;
  /** JSON text, or `[DONE]`. */
  data: string;
  /** Output tokens that exist once this event is sent. */
  tokens?: number;
  /** The usage the event carries, as on the wire. */
  usage?: Json;
  /** The stream's last word, which `done: false` leaves out. */
  last?: boolean;
}

/** Bytes of one event, or a whole JSON body, with their entries in the accounts. */
export interface Chunk {
  bytes: Buffer;
  tokens: number;
  usage: Json | undefined;
}

/** A JSON text with one more field. Text that is no object stays as it is. */
function withPadding(data: string, bytes: number): string {
  return data.endsWith('}') ? `${data.slice(0, -1)},"obfuscation":"${'x'.repeat(bytes)}"}` : data;
}

function dataLines(data: string, framing: FramingScript): string[] {
  if (!framing.multiLineData || !data.startsWith('{')) return [data];
  const value: Json = JSON.parse(data);
  return JSON.stringify(value, null, 1).split('\n');
}

function frame(event: StreamEvent, index: number, framing: FramingScript, obfuscation: boolean): string {
  const end = framing.lineEnd ?? '\n';
  const field = framing.dataSpace === false ? 'data:' : 'data: ';
  let data = event.data;
  if (framing.hugeLineBytes !== undefined && index === 1) data = withPadding(data, framing.hugeLineBytes);
  else if (obfuscation) data = withPadding(data, 1 + ((index * 7) % 16));
  let text = framing.comments ? `: keep-alive ${index}${end}` : '';
  if (event.event !== undefined)
    text += `event:${framing.dataSpace === false ? '' : ' '}${event.event}${end}`;
  for (const line of dataLines(data, framing)) text += field + line + end;
  return text + end;
}

const isPlain = (framing: FramingScript): boolean =>
  framing.lineEnd === undefined &&
  !framing.comments &&
  framing.dataSpace !== false &&
  !framing.multiLineData &&
  framing.hugeLineBytes === undefined;

/** The events as server-sent events, one chunk each. */
export function sseChunks(
  events: readonly StreamEvent[],
  framing: FramingScript = {},
  obfuscation = false,
): Chunk[] {
  const padded = framing.obfuscation ?? obfuscation;
  const plain = isPlain(framing) && !padded;
  const chunks: Chunk[] = [];
  for (const event of events) {
    if (event.last && framing.done === false) continue;
    const text = plain
      ? `${event.event === undefined ? '' : `event: ${event.event}\n`}data: ${event.data}\n\n`
      : frame(event, chunks.length, framing, padded);
    chunks.push({ bytes: Buffer.from(text), tokens: event.tokens ?? 0, usage: event.usage });
  }
  return chunks;
}

/** The events as a JSON array sent piece by piece, as Gemini streams without `alt=sse`. */
export function jsonArrayChunks(events: readonly StreamEvent[]): Chunk[] {
  return events.map((event, index) => ({
    bytes: Buffer.from(
      `${index === 0 ? '[' : ',\r\n'}${event.data}${index === events.length - 1 ? ']' : ''}`,
    ),
    tokens: event.tokens ?? 0,
    usage: event.usage,
  }));
}

/** Sends the events with usage twice: the same figures must be counted once. */
export function reportingTwice(events: readonly StreamEvent[]): StreamEvent[] {
  const lastReport = events.findLastIndex((event) => event.usage !== undefined && event.usage !== null);
  return events.flatMap((event, index) =>
    index === lastReport ? [event, { ...event, tokens: 0 }] : [event],
  );
}
