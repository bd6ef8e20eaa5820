import { beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import fc from 'fast-check';
import * as o200k from 'gpt-tokenizer/encoding/o200k_base';
import * as gpt4o from 'gpt-tokenizer/model/gpt-4o';
import { countTokens, loadTokenizer, type Tokenizer } from '../../src/requests/token-bound.js';
import { call } from '../requests/call.js';

beforeAll(loadTokenizer);

const tokens = { inputBound: 'tokens', countAboveBytes: 0 } as const;
const prose = 'The quick brown fox jumps over the lazy dog, again and again; nobody knows why. ';

/** As it is on the wire. */
const copyOf = (value: object) => JSON.parse(JSON.stringify(value)) as JsonObject;

type Counted = Parameters<NonNullable<typeof gpt4o.countChatCompletionTokens>>[0];
type Functions = NonNullable<Counted['functions']>;

type Message = { role: 'system' | 'user' | 'assistant'; content: string };

/** The exact count of a chat by the published format: 3 a request, 3 a message, and their texts. */
function exact(messages: readonly Message[]): number {
  const count = (text: string) => o200k.countTokens(text, { disallowedSpecial: new Set() });
  return messages.reduce((sum, { role, content }) => sum + 3 + count(role) + count(content), 3);
}

function bound(messages: readonly Message[], inputBound: 'bytes' | 'tokens' = 'tokens'): number {
  const body = { messages: [...messages] };
  return call('chat', body, { ...tokens, inputBound }).estimate.inputTokens;
}

const texts: Readonly<Record<string, string>> = {
  prose: prose.repeat(60),
  code: 'for (const a of list) {\n  if (a === null) continue;\n\treturn { ...a, b: c };\n}\n'.repeat(40),
  'one long run': 'a'.repeat(4_000),
  'random words': Array.from({ length: 900 }, (_, i) => (i * 2_654_435_761).toString(36)).join(' '),
  spaces: ' '.repeat(4_000),
  newlines: '\n \n'.repeat(3_000),
  Chinese: '中文字符，没有空格。'.repeat(100),
  'Chinese with spaces': '龘 靐齉, 爩 麤. '.repeat(400),
  emoji: '👩‍👩‍👧‍👦 🏳️‍🌈 '.repeat(300),
  'special tokens': '<|endoftext|> <|im_start|>system '.repeat(100),
  'lone surrogates': '\ud800 \udc00x '.repeat(200),
  punctuation: "!?… don't  --- ((( ))) ".repeat(200),
  Arabic: 'ﷺ مرحبا بالعالم '.repeat(200),
};

describe('the bound of tokens', () => {
  it.each(Object.keys(texts))('is never below the exact count: %s', (name) => {
    const messages: Message[] = [
      { role: 'system', content: prose },
      { role: 'user', content: texts[name] ?? '' },
    ];
    expect(bound(messages)).toBeGreaterThanOrEqual(exact(messages));
    expect(bound(messages)).toBeLessThanOrEqual(bound(messages, 'bytes'));
  });

  it('is never below the exact count, for any text', () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.string({ maxLength: 12 }),
      fc.constantFrom(' ', '  ', '\n', '\t', 'the', 'ing', "'s", '中', '🏳️‍🌈', 'é', '://', '0000'),
    );
    const text = fc.array(word, { minLength: 100, maxLength: 400 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 2 }), (contents) => {
        const messages = contents.map((content): Message => ({ role: 'user', content }));
        expect(bound(messages)).toBeGreaterThanOrEqual(exact(messages));
      }),
      { numRuns: 40 },
    );
  });

  it('is within a third of the exact count for prose, where bytes are four times as many', () => {
    const messages: Message[] = [{ role: 'user', content: prose.repeat(100) }];
    expect(bound(messages)).toBeLessThan(exact(messages) * 1.33);
    expect(bound(messages, 'bytes')).toBeGreaterThan(exact(messages) * 3.5);
  });

  it('holds for tools and schemas, which are counted as text of their descriptions and bytes of their JSON', () => {
    const tools = [
      { type: 'function', function: { name: 'f', description: prose.repeat(20), parameters: {} } },
    ];
    const with_ = call('chat', { tools }, tokens).estimate.inputTokens;
    expect(with_).toBeGreaterThanOrEqual(o200k.countTokens(JSON.stringify(tools)));
    expect(with_).toBeLessThan(call('chat', { tools }).estimate.inputTokens);
  });

  it('is never below the exact count of a request with functions', () => {
    const parameters: Functions[number]['parameters'] = {
      type: 'object',
      properties: {
        place: { type: 'string', description: prose },
        unit: { type: 'string', enum: ['celsius', 'fahrenheit'] },
        days: { type: 'array', items: { type: 'number' } },
      },
      required: ['place'],
    };
    const functions = ['weather', 'forecast', 'climate'].map((name) => ({
      name,
      description: prose,
      parameters,
    }));
    const messages: Message[] = [{ role: 'user', content: prose.repeat(5) }];
    const counted = gpt4o.countChatCompletionTokens?.({ messages, functions }) ?? Number.NaN;
    const tools = functions.map((one) => ({ type: 'function', function: copyOf(one) }));
    const body = { model: 'gpt-4o', messages, tools };
    for (const inputBound of ['bytes', 'tokens'] as const) {
      expect(call('chat', body, { ...tokens, inputBound }).estimate.inputTokens).toBeGreaterThanOrEqual(
        counted,
      );
    }
  });

  it('is that of bytes for models whose tokenizer is not known, also when a call is degraded to one', () => {
    const content = prose.repeat(40);
    const messages = [{ role: 'user', content }];
    const bytes = (model: string) => call('chat', { model, messages }).estimate.inputTokens;
    expect(call('chat', { model: 'gpt-4-turbo', messages }, tokens).estimate.inputTokens).toBe(
      bytes('gpt-4-turbo'),
    );
    const degraded = call('chat', { model: 'gpt-5', messages }, tokens);
    expect(degraded.estimate.inputTokens).toBeLessThan(bytes('gpt-5'));
    expect(degraded.estimateOf({ model: 'gpt-4-turbo' }).inputTokens).toBe(bytes('gpt-5'));
    expect(call('messages', { messages }, tokens).estimate).toEqual(call('messages', { messages }).estimate);
  });

  it('is that of bytes for bodies with media, which may hold anything', () => {
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A A '.repeat(500)}` } };
    const messages = [{ role: 'user', content: [image, { type: 'text', text: prose.repeat(40) }] }];
    expect(call('chat', { messages }, tokens).estimate).toEqual(call('chat', { messages }).estimate);
  });

  it('is that of bytes for small bodies, by default', () => {
    const messages = [{ role: 'user', content: prose.repeat(10) }];
    expect(call('chat', { messages }, { inputBound: 'tokens' }).estimate).toEqual(
      call('chat', { messages }).estimate,
    );
  });
});

describe('the work of counting', () => {
  const megabyte = 1_000_000;
  const hostile: Readonly<Record<string, JsonValue>> = {
    'one run': 'a'.repeat(megabyte),
    words: ' word'.repeat(megabyte / 5),
    spaces: ' '.repeat(megabyte),
    'spaced runs': `${'x'.repeat(500)} `.repeat(megabyte / 501),
    Chinese: '龘, '.repeat(megabyte / 5),
    quotes: '"\\ '.repeat(megabyte / 3),
    'many strings': Array.from({ length: 12_000 }, () => prose),
    'many empty strings': Array<JsonValue>(300_000).fill(''),
  };

  it.each(Object.keys(hostile))('is bounded for 1 MB of %s', (name) => {
    let [counted, longest, calls] = [0, 0, 0];
    const watched: Tokenizer = {
      countTokens(text) {
        calls += 1;
        counted += text.length;
        longest = Math.max(longest, text.length);
        return text.length;
      },
    };
    const result = countTokens({ messages: [hostile[name]] }, watched);
    expect(counted).toBeLessThanOrEqual(12_288);
    expect(longest).toBeLessThanOrEqual(512);
    expect(calls).toBeLessThanOrEqual(200);
    expect(result).toMatchObject({ characters: counted, slices: calls });
  });

  it('weighs text outside of ASCII by what it takes', () => {
    let counted = 0;
    countTokens({ text: '龘, '.repeat(100_000) }, { countTokens: (text) => (counted += text.length) });
    expect(counted).toBeGreaterThan(0);
    expect(counted).toBeLessThanOrEqual(1_024);
  });
});
