import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SseData } from '../../src/stream/sse-data.js';
import { SseFrames } from '../../src/stream/sse-frames.js';

const ends = ['\n', '\r\n', '\r'];

/** Sends bytes through in parts; what came out after each, and the frames that were read. */
function through(parts: readonly Buffer[], answer: (text: string) => Buffer | undefined = () => undefined) {
  const read: string[] = [];
  const frames = new SseFrames({
    frame: (bytes, text) => {
      expect(bytes.toString('latin1')).toBe(text);
      read.push(text);
      return answer(text);
    },
    oversized: () => undefined,
  });
  const sent = parts.map((part) => frames.push(part).toString('latin1'));
  return { read, sent, rest: () => frames.end().toString('latin1') };
}

describe('frames of server-sent events', () => {
  it.each(ends)('are the same wherever a stream is cut, with line end %j', (end) => {
    const events = [`event: a${end}data: {"x":1}${end}${end}`, `data: 2${end}${end}`, `: ping${end}${end}`];
    const whole = events.join('');
    const all = Buffer.from(whole);
    // A CR LF may be cut in two: its event has ended with the CR, and the LF follows by itself.
    const withoutLf = (text: string): string => text.replace(/\n$/, '');
    const prefixes = ['', events[0], `${events[0]}${events[1]}`, whole].map((text) => withoutLf(text ?? ''));
    for (let first = 0; first <= all.length; first += 1) {
      for (let second = first; second <= all.length; second += 1) {
        const parts = [all.subarray(0, first), all.subarray(first, second), all.subarray(second)];
        const { read, sent, rest } = through(parts);
        const cutter = new SseFrames(undefined);
        expect(parts.map((part) => cutter.push(part).toString('latin1'))).toEqual(sent);
        let passed = '';
        for (const text of sent) {
          passed += text;
          expect(prefixes).toContain(withoutLf(passed));
        }
        expect(passed + rest()).toBe(whole);
        expect(read.map(withoutLf)).toEqual(events.map(withoutLf));
      }
    }
  });

  it('pass as the same buffer where a chunk is whole events and none is replaced', () => {
    const frames = new SseFrames({ frame: () => undefined, oversized: () => undefined });
    const bytes = Buffer.from('data: 1\n\ndata: 2\n\n');
    expect(frames.push(bytes)).toBe(bytes);
  });

  it('without a reader are cut in the same way, whatever bytes they have', () => {
    const pieces = ['\n', '\r', '\r\n', 'x', 'data: 1', '\n\n', '\r\n\r\n'].map((text) => Buffer.from(text));
    fc.assert(
      fc.property(fc.array(fc.array(fc.constantFrom(...pieces), { maxLength: 5 })), (chunks) => {
        const parts = chunks.map((chunk) => Buffer.concat(chunk));
        const read = through(parts);
        const cutter = new SseFrames(undefined);
        expect(parts.map((part) => cutter.push(part).toString('latin1'))).toEqual(read.sent);
        expect(cutter.end().toString('latin1')).toBe(read.rest());
      }),
      { numRuns: 2_000, seed: 20_261_125 },
    );
  });

  it('without a reader are not searched where they are whole', () => {
    const chunk = Buffer.from('data: 1\r\n\r\n');
    chunk.toString = () => {
      throw new Error('searched');
    };
    expect(new SseFrames(undefined).push(chunk)).toBe(chunk);
  });

  it.each(ends)('are dropped or replaced by their reader, with line end %j', (end) => {
    const events = ['data: 1', 'data: drop', 'data: 3'].map((text) => `${text}${end}${end}`);
    const { sent } = through([Buffer.from(events.join(''))], (text) =>
      text.includes('drop')
        ? Buffer.alloc(0)
        : text.includes('3')
          ? Buffer.from('data: three\n\n')
          : undefined,
    );
    expect(sent).toEqual([`${events[0]}data: three\n\n`]);
  });

  it('are read at the end of the stream as well where their blank line is missing', () => {
    const { read, rest } = through([Buffer.from('data: 1\n\ndata: 2')]);
    expect(rest()).toBe('data: 2');
    expect(read).toEqual(['data: 1\n\n', 'data: 2']);
  });

  it('above the bound pass unread, and the stream cannot be ended in between', () => {
    const tails: string[] = [];
    const frames = new SseFrames(
      { frame: () => undefined, oversized: (tail) => void tails.push(tail.toString()) },
      64 * 1024,
    );
    const part = Buffer.alloc(40 * 1024, 'x');
    expect(frames.push(part)).toHaveLength(0);
    expect(frames.between).toBe(true);
    expect(frames.push(part)).toHaveLength(80 * 1024);
    expect(frames.between).toBe(false);
    expect(frames.push(Buffer.from('y\n\ndata'))).toHaveLength(3);
    expect(tails).toEqual([`${'x'.repeat(16 * 1024 - 3)}y\n\n`]);
    expect(frames.between).toBe(true);
    expect(frames.end().toString()).toBe('data');
  });
});

describe('the data of an event', () => {
  it.each([
    ['in one line', 'data: {"x":"ü"}\n\n', '{"x":"ü"}'],
    ['in several lines', 'event: a\ndata: {\ndata: }\n\n', '{\n}'],
    ['behind a byte order mark', '\uFEFFdata: {"x":1}\n\n', '{"x":1}'],
    ['with other line ends', 'data: 1\r\n\r\n', '1'],
    ['without a blank line', 'data: 1', '1'],
    ['that has none', ': ping\n\n', undefined],
  ])('is read where it is %s', (_where, event, data) => {
    const bytes = Buffer.from(event);
    const reader = new SseData();
    for (let times = 0; times < 2; times += 1) expect(reader.of(bytes, bytes.toString('latin1'))).toBe(data);
  });
});
