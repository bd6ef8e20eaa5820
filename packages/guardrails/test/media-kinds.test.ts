import { describe, expect, it } from '@jest/globals';
import { contentOf } from '../src/inspect/body-walk.js';

const png = 'data:image/png;base64,AAAA';
const of = (body: object): string[] => contentOf(body).media.map(({ kind }) => kind);
const part = (one: object) => ({ messages: [{ role: 'user', content: [one] }] });

describe('media in a body', () => {
  it.each([
    [{ image_url: { url: png } }, ['image']],
    [{ image_url: 'https://example.com/a.png' }, ['image']],
    [{ type: 'IMAGE_URL', image_url: { url: png } }, ['image']],
    [{ type: 'anything', image_url: { url: 'DATA:IMAGE/PNG;base64,AAAA' } }, ['image']],
    [{ input_audio: { data: 'AAAA', format: 'wav' } }, ['audio']],
    [{ video_url: { url: 'https://example.com/a.mp4' } }, ['video']],
    [{ file: { file_id: 'file-1' } }, ['file']],
    [{ file_data: 'AAAA' }, ['file']],
    [{ inlineData: { mimeType: 'IMAGE/PNG', data: 'AAAA' } }, ['image']],
    [{ inline_data: { mime_type: ' Audio/WAV', data: 'AAAA' } }, ['audio']],
    [{ fileData: { mimeType: 'Video/mp4', fileUri: 'gs://a' } }, ['video']],
    [{ source: { type: 'base64', media_type: 'IMAGE/jpeg', data: 'AAAA' } }, ['image']],
    [{ type: 'file', file: { file_data: png } }, ['file', 'image']],
    [{ type: 'image_url', image_url: { url: 'data:application/pdf;base64,AAAA' } }, ['image', 'file']],
    [{ type: 'input_image', file_id: 'file-1' }, ['image']],
    [{ type: 'container_upload', file_id: 'file-1' }, ['file']],
    [{ type: 'text', text: 'see https://example.com/a.png' }, []],
  ])('is seen in %j', (one, kinds) => {
    expect(of(part(one))).toEqual(kinds);
  });

  it('is seen in screenshots of a computer, results of tools, and items that stand alone', () => {
    const shot = { type: 'computer_screenshot', image_url: png };
    expect(of({ input: [{ type: 'computer_call_output', call_id: 'a', output: shot }] })).toEqual(['image']);
    expect(of({ input: [{ type: 'function_call_output', output: [{ image_url: png }] }] })).toEqual([
      'image',
    ]);
    expect(of({ input: [{ image_url: png }] })).toEqual(['image']);
    expect(of(part({ type: 'tool_result', tool_use_id: 'a', content: [{ image_url: png }] }))).toEqual([
      'image',
    ]);
    const response = { functionResponse: { name: 'f', parts: [{ inlineData: { mimeType: 'image/png' } }] } };
    expect(of({ contents: [{ role: 'user', parts: [response] }] })).toEqual(['image']);
  });

  it('is not seen in schemas of tools and in what tools are called with', () => {
    const parameters = {
      type: 'object',
      properties: { image_url: { type: 'string', description: 'https://…' }, file: { type: 'object' } },
    };
    expect(
      of({ ...part({ type: 'text', text: 'a' }), tools: [{ function: { name: 'f', parameters } }] }),
    ).toEqual([]);
    const input = { image_url: 'https://example.com/a.png', file_id: 'file-1' };
    expect(of(part({ type: 'tool_use', id: 'a', name: 'f', input }))).toEqual([]);
    expect(of({ contents: [{ parts: [{ functionCall: { name: 'f', args: input } }] }] })).toEqual([]);
  });
});
