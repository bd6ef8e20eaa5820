import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { measureJson } from '../../src/request/json-structure.js';

/** The same figures, byte by byte. */
function measuredByByte(bytes: Uint8Array): ReturnType<typeof measureJson> {
  let [depth, deepest, members, values, inText] = [0, 0, 0, 1, false];
  for (let at = 0; at < bytes.length; at += 1) {
    const character = String.fromCharCode(bytes[at] as number);
    if (inText && character === '\\') at += 1;
    else if (character === '"') inText = !inText;
    else if (!inText && character === ':') members += 1;
    else if (!inText && character === ',') values += 1;
    else if (!inText && (character === '{' || character === '[')) {
      depth += 1;
      values += 1;
      deepest = Math.max(deepest, depth);
    } else if (!inText && (character === '}' || character === ']')) depth -= 1;
  }
  return { depth: deepest, members, values };
}

const piece = fc.constantFrom(
  '"',
  '\\',
  '\\"',
  '\\\\',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  'word ',
  'é',
  'x'.repeat(33),
  '\\"'.repeat(40),
);

describe('measureJson()', () => {
  it('counts what counting byte by byte counts, in texts with quotes and backslashes anywhere', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const bytes = Buffer.from(pieces.join(''));
        expect(measureJson(bytes, 10_000)).toEqual(measuredByByte(bytes));
      }),
      { seed: 20_261_124, numRuns: 2_000 },
    );
  });

  it('counts the same in any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ minLength: 40 }), (value, text) => {
        const bytes = Buffer.from(JSON.stringify({ value, [text]: text }));
        expect(measureJson(bytes, 10_000)).toEqual(measuredByByte(bytes));
      }),
      { seed: 20_261_124, numRuns: 500 },
    );
  });
});
