import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Chunk } from '../src/stream-event.js';
import { chunksUntil, writesOf } from '../src/writes.js';

const chunk = fc.record({
  bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  tokens: fc.nat(3),
  usage: fc.option(fc.nat(9), { nil: undefined }),
});
const chunks = fc.array(chunk, { minLength: 1, maxLength: 12 });
const bytesOf = (list: readonly Chunk[]) => Buffer.concat(list.map((one) => one.bytes));
const tokensOf = (list: readonly Chunk[]) => list.reduce((sum, one) => sum + one.tokens, 0);
const usageOf = (list: readonly Chunk[]) => list.findLast((one) => one.usage !== undefined)?.usage;

describe('cutting a body into writes', () => {
  it('changes neither bytes nor tokens nor the usage reported, wherever it cuts', () => {
    fc.assert(
      fc.property(
        chunks,
        fc.array(fc.nat(150)),
        fc.option(fc.integer({ min: 1, max: 9 })),
        (whole, splitAt, size) => {
          const writes = writesOf(whole, size === null ? { splitAt } : { splitAt, chunkBytes: size });
          expect(bytesOf(writes).equals(bytesOf(whole))).toBe(true);
          expect(tokensOf(writes)).toBe(tokensOf(whole));
          expect(usageOf(writes)).toBe(usageOf(whole));
        },
      ),
    );
  });

  it('counts the tokens of a chunk from its first byte, and its usage from its last', () => {
    fc.assert(
      fc.property(chunks, fc.nat(150), (whole, afterBytes) => {
        const sent = chunksUntil(whole, { afterBytes });
        const total = bytesOf(whole);
        expect(bytesOf(sent).equals(total.subarray(0, afterBytes))).toBe(true);
        let start = 0;
        let tokens = 0;
        let usage: Chunk['usage'];
        for (const one of whole) {
          if (start < afterBytes) tokens += one.tokens;
          start += one.bytes.length;
          if (start <= afterBytes && one.usage !== undefined) usage = one.usage;
        }
        expect([tokensOf(sent), usageOf(sent)]).toEqual([tokens, usage]);
        // Cutting what is left into single bytes agrees with it.
        const single = writesOf(whole, { reset: { afterBytes }, chunkBytes: 1 });
        expect([tokensOf(single), usageOf(single)]).toEqual([tokens, usage]);
      }),
    );
  });
});
