import { beforeAll, describe, expect, it } from '@jest/globals';
import * as o200k from 'gpt-tokenizer/encoding/o200k_base';
import { loadTokenizer, type Tokenizer, tokenizerOf } from '../../src/requests/token-bound.js';
import { OutputTokens } from '../../src/usage/output-tokens.js';

let tokenizer: Tokenizer;
beforeAll(async () => {
  await loadTokenizer();
  tokenizer = tokenizerOf('openai', 'gpt-4.1-mini') as Tokenizer;
});

/** As it stands in an event: a JSON string without its quotes, its bytes read as Latin-1. */
const wire = (text: string): string => Buffer.from(JSON.stringify(text).slice(1, -1)).toString('latin1');

/** What is counted of an answer that comes in these pieces. */
function counted(pieces: readonly string[]): number {
  const counter = new OutputTokens(() => tokenizer);
  for (const piece of pieces) counter.add(wire(piece));
  return counter.tokens;
}

/** The pieces of a stream that sends each token as one; those of a character that is split come together. */
function streamed(text: string): string[] {
  const pieces: string[] = [];
  let group: number[] = [];
  for (const token of o200k.encode(text, { disallowedSpecial: new Set() })) {
    group.push(token);
    const piece = o200k.decode(group);
    if (piece.includes('\ufffd')) continue;
    pieces.push(piece);
    group = [];
  }
  return pieces;
}

const answers: Readonly<Record<string, string>> = {
  prose:
    'It was late in the afternoon, and "no one" had expected them before nightfall.\n\n- one\n- two\n'.repeat(
      9,
    ),
  code: 'const parts = path.split("\\\\").map((part) => part.trim());\n\treturn parts;\n'.repeat(7),
  Chinese: '海洋覆盖了地球表面的百分之七十以上，对全球气候起着决定性的作用。'.repeat(5),
  emoji: '🎉🚀👩‍💻 🌊'.repeat(6),
  digits: '3141592653589793238462643383279502884197'.repeat(4),
};

describe('tokens of an answer, counted as it is streamed', () => {
  it.each(Object.entries(answers))('are those of the whole, or up to a tenth more: %s', (_, text) => {
    const exact = o200k.countTokens(text);
    const pieces = streamed(text);
    expect(pieces.join('')).toBe(text);
    expect(counted(pieces)).toBeGreaterThanOrEqual(exact);
    expect(counted(pieces)).toBeLessThanOrEqual(1.1 * exact);
  });

  it('are each letter, where a model was made to write letters as tokens of their own', () => {
    expect(counted([...'extraordinary'])).toBe(13);
    expect(o200k.countTokens('extraordinary')).toBeLessThan(4);
  });

  it('are the bytes of a piece that is too long to be counted, or no JSON', () => {
    expect(counted(['a'.repeat(513)])).toBe(513);
    expect(counted(['é'.repeat(33)])).toBe(66);
    const counter = new OutputTokens(() => tokenizer);
    counter.add('\\x');
    counter.addBytes(5);
    expect(counter.tokens).toBe(7);
  });

  it('are the bytes, until the tokenizer is loaded', () => {
    let loaded: Tokenizer | undefined;
    const counter = new OutputTokens(() => loaded);
    counter.add('afternoon');
    expect(counter.tokens).toBe(9);
    loaded = tokenizer;
    counter.add('afternoon');
    expect(counter.tokens).toBeLessThan(12);
  });
});
