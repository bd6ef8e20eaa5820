import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@tollgate/core/internal';
import type { ParseOptions } from '../../src/requests/parse-options.js';
import { type Path, parse, paths, plain, refusal, verdict } from './call.js';

const formats: readonly Path[] = ['chat', 'responses', 'embeddings', 'messages', 'gemini'];

function serialises(value: JsonValue): boolean {
  try {
    return JSON.stringify(value).length > 0;
  } catch {
    return false;
  }
}

describe('a hostile client cannot make the estimate smaller', () => {
  it('by work in the background, or calls that the provider makes of its own', () => {
    expect(refusal('responses', { background: true })).toBe('400 unsupported_parameter background');
    expect(refusal('responses', { background: false })).toBe('passed');
    expect(refusal('responses', { background: 'yes' })).toBe('400 invalid_value background');
    expect(refusal('responses', { context_management: [{ type: 'compaction' }] })).toBe(
      '400 unsupported_parameter context_management',
    );
    expect(refusal('messages', { compaction: { type: 'summarize' } })).toBe(
      '400 unsupported_parameter compaction',
    );
    const edits = (type: string) => ({ context_management: { edits: [{ type }] } });
    expect(refusal('messages', edits('clear_tool_uses_20250919'))).toBe('passed');
    expect(refusal('messages', edits('compact_20260112'))).toBe(
      '400 unsupported_parameter context_management.edits[0]',
    );
    expect(refusal('gemini', { generationConfig: { routingConfig: { autoMode: {} } } })).toBe(
      '400 unsupported_parameter generationConfig.routingConfig',
    );
  });

  it('nor the answer larger than the request: long names are repeated by their beginning', () => {
    const name = 'x'.repeat(900_000);
    try {
      parse(paths.chat, { ...plain.chat, [name]: 1 });
      throw new Error('passed');
    } catch (error) {
      const { message, param } = error as { message: string; param: string };
      expect(param).toBe(`${'x'.repeat(64)}…`);
      expect(message.length).toBeLessThan(300);
    }
  });

  describe('by fields that smuggle a route or credentials', () => {
    const names = [
      'api_base',
      'base_url',
      'api_key',
      'fallbacks',
      'model_list',
      'extra_headers',
      'extra_body',
      'baseURL',
      'apiKey',
      'litellm_params',
    ];
    it.each(formats)('%s, whatever is allowed', (path) => {
      const options: ParseOptions = { unknownFields: 'allow', allowFields: names };
      for (const name of names) {
        expect(refusal(path, { [name]: 'x' })).toBe(`400 unsupported_parameter ${name}`);
        expect(refusal(path, { [name]: 'x' }, options)).toBe(`400 unsupported_parameter ${name}`);
      }
    });

    it('nested in metadata, messages or tools', () => {
      for (const name of names) {
        expect(refusal('chat', { metadata: { [name]: 'x' } })).toBe(
          `400 unsupported_parameter metadata.${name}`,
        );
        expect(refusal('messages', { metadata: { deep: { [name]: 'x' } } })).toBe(
          `400 unsupported_parameter metadata.deep.${name}`,
        );
        const tools = [{ type: 'function', function: { name: 'f', [name]: 'x' } }];
        expect(refusal('chat', { tools })).toBe(`400 unsupported_parameter tools[0].function.${name}`);
      }
    });

    it('but not where the names are the model’s or the app’s own', () => {
      const properties = { api_key: { type: 'string' }, base_url: { type: 'string' } };
      const schema = { type: 'object', properties };
      expect(
        refusal('chat', { tools: [{ type: 'function', function: { name: 'f', parameters: schema } }] }),
      ).toBe('passed');
      expect(refusal('messages', { tools: [{ name: 'f', input_schema: schema }] })).toBe('passed');
      const content = 'set "api_key": "x", then {"base_url":1}';
      expect(refusal('chat', { messages: [{ role: 'user', content }] })).toBe('passed');
    });
  });

  it('by keys that change the object instead of a field', () => {
    for (const path of formats) {
      const body = (json: string): JsonValue =>
        JSON.parse(`${JSON.stringify(plain[path]).slice(0, -1)},${json}}`) as JsonValue;
      const refused = (json: string) =>
        verdict(() => parse(paths[path], body(json), { unknownFields: 'allow' }));
      expect(refused('"__proto__":{"max_tokens":1}')).toBe('400 unsupported_parameter __proto__');
      expect(refused('"metadata":{"__proto__":{"a":1}}')).toBe(
        '400 unsupported_parameter metadata.__proto__',
      );
    }
    expect(refusal('chat', { constructor: { prototype: 1 } })).toBe('400 unsupported_parameter constructor');
  });

  it('by a field that is not known: it may cost something', () => {
    for (const path of formats) {
      expect(refusal(path, { turbo_mode: true })).toBe('400 unsupported_parameter turbo_mode');
      expect(refusal(path, { turbo_mode: true }, { allowFields: ['turbo_mode'] })).toBe('passed');
      expect(refusal(path, { turbo_mode: true }, { unknownFields: 'allow' })).toBe('passed');
    }
    expect(refusal('gemini', { generationConfig: { turboMode: 1 } })).toBe(
      '400 unsupported_parameter generationConfig.turboMode',
    );
  });

  it('by messages that are no messages', () => {
    for (const messages of [null, 'hi', {}, 5]) {
      expect(refusal('chat', { messages })).toBe('400 invalid_value messages');
      expect(refusal('messages', { messages })).toBe('400 invalid_value messages');
    }
    expect(refusal('chat', { messages: ['hi'] })).toBe('400 invalid_value messages[0]');
    expect(refusal('chat', { messages: [{ role: 'user', content: { a: 1 } }] })).toBe(
      '400 invalid_value messages[0].content',
    );
    expect(refusal('chat', { stream: 'true' })).toBe('400 invalid_value stream');
    expect(refusal('chat', { stream: true, stream_options: [] })).toBe('400 invalid_value stream_options');
  });

  it('by nesting that cannot be serialised', () => {
    const deep = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`) as JsonValue;
    // From Node 26 on, V8 serialises whatever it has parsed.
    expect(refusal('chat', { metadata: deep })).toBe(serialises(deep) ? 'passed' : '400 invalid_json');
  });
});
