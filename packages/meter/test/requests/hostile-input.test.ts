import { describe, expect, it } from '@jest/globals';
import type { ParseOptions } from '../../src/requests/parse-options.js';
import { call, type Fields, type Path, parse, refusal } from './call.js';

describe('a hostile client cannot make the estimate smaller', () => {
  describe('by input that is not in the body', () => {
    const user = (part: Fields): Fields => ({ messages: [{ role: 'user', content: [part] }] });
    const input = (part: Fields): Fields => ({ input: [{ role: 'user', content: [part] }] });
    const parts = (part: Fields): Fields => ({ contents: [{ role: 'user', parts: [part] }] });
    const content = 'messages[0].content[0]';
    it.each<readonly [Path, Fields, string]>([
      [
        'chat',
        user({ type: 'image_url', image_url: { url: 'https://x.example/a.png' } }),
        `${content}.image_url.url`,
      ],
      ['chat', user({ type: 'image_url', image_url: 'http://x.example/a.png' }), `${content}.image_url`],
      ['chat', user({ type: 'file', file: { file_id: 'file-1' } }), `${content}.file.file_id`],
      ['chat', { messages: [{ role: 'assistant', audio: { id: 'audio-1' } }] }, 'messages[0].audio'],
      [
        'responses',
        input({ type: 'input_image', image_url: 'https://x.example/a.png' }),
        'input[0].content[0].image_url',
      ],
      ['responses', input({ type: 'input_image', file_id: 'file-1' }), 'input[0].content[0].file_id'],
      ['responses', input({ type: 'input_file', file_id: 'file-1' }), 'input[0].content[0].file_id'],
      [
        'responses',
        input({ type: 'input_file', file_url: 'https://x.example' }),
        'input[0].content[0].file_url',
      ],
      ['responses', { input: [{ type: 'item_reference', id: 'x' }] }, 'input[0]'],
      ['responses', { input: [{ id: 'x' }] }, 'input[0]'],
      ['responses', { input: [{ type: 'compaction', encrypted_content: 'x' }] }, 'input[0]'],
      ['responses', { previous_response_id: 'resp_1' }, 'previous_response_id'],
      ['responses', { conversation: 'conv_1' }, 'conversation'],
      ['responses', { prompt: { id: 'pmpt_1' } }, 'prompt'],
      [
        'messages',
        user({ type: 'image', source: { type: 'url', url: 'https://x.example' } }),
        `${content}.source.url`,
      ],
      [
        'messages',
        user({ type: 'image', source: { type: 'file', file_id: 'f' } }),
        `${content}.source.file_id`,
      ],
      [
        'messages',
        user({ type: 'document', source: { type: 'url', url: 'https://x.example' } }),
        `${content}.source.url`,
      ],
      ['messages', user({ type: 'container_upload', file_id: 'f' }), `${content}.file_id`],
      [
        'messages',
        user({
          type: 'tool_result',
          tool_use_id: 't',
          content: [{ type: 'image', source: { type: 'url', url: 'https://x.example' } }],
        }),
        `${content}.content[0].source.url`,
      ],
      ['messages', { container: 'c' }, 'container'],
      ['messages', { thread: { id: 't' } }, 'thread'],
      ['gemini', parts({ fileData: { fileUri: 'gs://x' } }), 'contents[0].parts[0].fileData'],
      ['gemini', parts({ file_data: { file_uri: 'https://youtu.be/x' } }), 'contents[0].parts[0].fileData'],
      ['gemini', { cachedContent: 'cachedContents/1' }, 'cachedContent'],
      ['gemini', { cached_content: 'cachedContents/1' }, 'cachedContent'],
    ])('%s %j', (path, body, param) => {
      expect(refusal(path, body)).toBe(`400 unsupported_parameter ${param}`);
    });

    it('passes with a worst case that the app gives, and is estimated with it', () => {
      const worstCase = {
        imageUrl: 900,
        file: 5_000,
        conversation: 20_000,
        storedPrompt: 300,
        cachedContent: 700,
      };
      const tokens = (path: Path, body: Fields) =>
        call(path, body, { worstCase }).estimate.inputTokens - call(path).estimate.inputTokens;
      const image = { type: 'image_url', image_url: { url: 'https://x.example/a.png' } };
      expect(
        tokens('chat', { messages: [{ role: 'user', content: [image, image] }] }),
      ).toBeGreaterThanOrEqual(1_800);
      expect(tokens('responses', { previous_response_id: 'resp_1' })).toBeGreaterThanOrEqual(20_000);
      expect(tokens('responses', { prompt: { id: 'pmpt_1' } })).toBeGreaterThanOrEqual(300);
      expect(tokens('gemini', { cachedContent: 'c' })).toBeGreaterThanOrEqual(700);
    });
  });

  it('by images, sounds and documents in the body: their worst case counts, not their bytes', () => {
    const url = `data:image/png;base64,${'A'.repeat(100)}`;
    const image = { type: 'image_url', image_url: { url, detail: 'high' } };
    const images = call('chat', { messages: [{ role: 'user', content: [image, image, image] }] });
    expect(images.estimate.inputTokens).toBeGreaterThanOrEqual(75_000);
    const small = call('chat', { model: 'gpt-4o-mini', messages: [{ role: 'user', content: [image] }] });
    expect(small.estimate.inputTokens).toBeGreaterThanOrEqual(48_169);
    const big = {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: 'A'.repeat(900_000) },
    };
    const one = call('messages', { messages: [{ role: 'user', content: [big] }] }).estimate;
    expect(one.inputTokens).toBeGreaterThanOrEqual(5_000);
    expect(one.inputTokens).toBeLessThan(6_000);
    const pdf = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' } };
    const document = call('messages', { messages: [{ role: 'user', content: [pdf] }] }).estimate;
    expect(document.inputTokens).toBeGreaterThanOrEqual(200_000);
    const sound = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } };
    const audio = { model: 'gpt-audio', messages: [{ role: 'user', content: [sound] }] };
    expect(call('chat', audio).estimate.inputNanoUsd).toBeGreaterThanOrEqual(127_000 * 32_000);
    expect(refusal('chat', { ...audio, model: 'gpt-5-mini' })).toBe('400 model_not_priced model');
    expect(refusal('chat', { modalities: ['text', 'audio'], audio: { voice: 'ash', format: 'wav' } })).toBe(
      '400 model_not_priced model',
    );
    const spoken = call('chat', { model: 'gpt-audio', max_tokens: 1_000, modalities: ['audio'] });
    expect(spoken.estimate.outputNanoUsd).toBe(64_000_000);
  });

  it('by a document in the place of an image', () => {
    const image = { type: 'image_url', image_url: { url: 'data:application/pdf;base64,AAAA' } };
    const { estimate } = call('chat', { messages: [{ role: 'user', content: [image] }] });
    expect(estimate.inputTokens).toBeGreaterThanOrEqual(400_000);
  });

  it('by text in the place of base64: it is text, and counted as such', () => {
    const image = { type: 'image_url', image_url: { url: `data:text/plain,${'x'.repeat(9_000)}` } };
    expect(refusal('chat', { messages: [{ role: 'user', content: [image] }] })).toBe(
      '400 unsupported_parameter messages[0].content[0].image_url.url',
    );
  });

  it('by media sent to a provider that may read it as text: its bytes count as well', () => {
    const source = { type: 'base64', media_type: 'image/png', data: 'A'.repeat(90_000) };
    const body = { model: 'tiny', messages: [{ role: 'user', content: [{ type: 'image', source }] }] };
    const options: ParseOptions = { prices: { tiny: { inputUsdPerMillion: '1', outputUsdPerMillion: '1' } } };
    const parsed = parse('https://api.mistral.ai/v1/messages', body, options);
    expect(parsed.estimate.inputTokens).toBeGreaterThanOrEqual(90_000 + 50_000);
  });

  it('by content of a kind that is not known', () => {
    const odd = [{ type: 'hologram', data: 'x' }];
    const messages = [{ role: 'user', content: odd }];
    expect(refusal('chat', { messages })).toBe('400 unsupported_parameter messages[0].content[0].type');
    expect(refusal('messages', { messages })).toBe('400 unsupported_parameter messages[0].content[0].type');
    expect(refusal('messages', { system: odd })).toBe('400 unsupported_parameter system[0].type');
    expect(refusal('responses', { input: odd })).toBe('400 unsupported_parameter input[0].type');
    expect(refusal('gemini', { contents: [{ parts: [{ hologram: 'x' }] }] })).toBe(
      '400 unsupported_parameter contents[0].parts[0].hologram',
    );
  });

  it('by long tool schemas, response formats and names: they are input', () => {
    const long = 'x'.repeat(5_000);
    const base = call('chat').estimate.inputTokens;
    const bodies: Fields[] = [
      { tools: [{ type: 'function', function: { name: 'f', description: long } }] },
      { response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { description: long } } } },
      { messages: [{ role: 'user', name: long, content: 'hi' }] },
      { functions: [{ name: 'f', description: long }] },
      { messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: long } }] }] },
    ];
    for (const body of bodies)
      expect(call('chat', body).estimate.inputTokens).toBeGreaterThanOrEqual(base + 4_900);
  });

  it('by text that tokenises badly: its UTF-8 bytes are the bound', () => {
    for (const text of ['龘'.repeat(1_000), '👩‍👩‍👧‍👦'.repeat(100), '\u0000'.repeat(500), 'é́̂'.repeat(300)]) {
      const { estimate } = call('chat', { messages: [{ role: 'user', content: text }] });
      expect(estimate.inputTokens).toBeGreaterThan(Buffer.byteLength(text));
    }
  });

  it('by embeddings of arrays or token ids', () => {
    for (const input of [Array(1_000).fill('a'), Array(1_000).fill(7), [Array(1_000).fill(7)]]) {
      expect(call('embeddings', { input }).estimate.inputTokens).toBeGreaterThanOrEqual(2_000);
    }
    expect(refusal('embeddings', { input: { text: 'x' } })).toBe('400 invalid_value input');
    expect(refusal('embeddings', { input: null })).toBe('400 invalid_value input');
  });
});
