import { describe, expect, it } from '@jest/globals';
import { EventBoundary } from '../src/exchange/event-boundary.js';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('the boundary between events', () => {
  it.each(['\n', '\r\n', '\r'])('lets whole events pass, cut at any byte, with line end %j', (end) => {
    const events = [`event: a${end}data: {"x":"ü"}${end}${end}`, `data: 2${end}${end}`, `: ping${end}${end}`];
    const all = Buffer.from(events.join(''));
    for (let first = 0; first <= all.length; first += 1) {
      for (let second = first; second <= all.length; second += 1) {
        const boundary = new EventBoundary();
        let passed = '';
        for (const part of [all.subarray(0, first), all.subarray(first, second), all.subarray(second)]) {
          passed += text(boundary.push(part));
          expect(['', events[0], `${events[0]}${events[1]}`, events.join('')]).toContain(passed);
        }
        expect(passed + text(boundary.rest())).toBe(all.toString());
      }
    }
  });

  it('hands back what arrived as it arrived when nothing is held', () => {
    const bytes = Buffer.from('data: 1\n\n');
    expect(new EventBoundary().push(bytes)).toBe(bytes);
  });

  it('holds no more than 64 KiB, and knows that half an event has passed', () => {
    const boundary = new EventBoundary();
    const part = Buffer.alloc(40 * 1024, 'x');
    expect(boundary.push(part)).toHaveLength(0);
    expect(boundary.clean).toBe(true);
    expect(boundary.push(part)).toHaveLength(80 * 1024);
    expect(boundary.clean).toBe(false);
    expect(text(boundary.push(Buffer.from('\n')))).toBe('');
    expect(text(boundary.push(Buffer.from('\ndata')))).toBe('\n\n');
    expect(boundary.clean).toBe(true);
    expect(text(boundary.rest())).toBe('data');
  });
});
