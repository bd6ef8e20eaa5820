import { describe, expect, it } from '@jest/globals';
import { handedResponse } from '../../src/fetch/handed-response.js';

const text = '{"said":"grüße"}';

/** A response whose body comes in pieces, handed on; and what its watcher was told. */
function handed({ pieces = [text], breaks = false }: { pieces?: readonly string[]; breaks?: boolean } = {}) {
  const left = pieces.map((piece) => new TextEncoder().encode(piece));
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = left.shift();
      if (piece) controller.enqueue(piece);
      else if (breaks) controller.error(new Error('reset'));
      else controller.close();
    },
  });
  const given = new Response(body, { status: 201, headers: { 'content-type': 'application/json' } });
  const told: string[] = [];
  const watcher = {
    waiting: (is: boolean) => told.push(is ? 'waiting' : 'read'),
    over: (broken: boolean) => told.push(broken ? 'broken' : 'over'),
  };
  return { given, told, response: handedResponse(given, new Headers({ 'x-ours': '1' }), watcher) };
}

describe('a response that is handed on', () => {
  it('is a Response, with our headers and all else as it was given', async () => {
    const { response } = handed();
    expect(response).toBeInstanceOf(Response);
    expect([response.status, response.ok, response.url, response.bodyUsed]).toEqual([201, true, '', false]);
    expect(Object.fromEntries(response.headers)).toEqual({ 'x-ours': '1' });
    expect(Object.prototype.toString.call(response)).toBe('[object Response]');
  });

  it.each([
    ['json', async (response: Response) => JSON.stringify(await response.json())],
    ['text', (response: Response) => response.text()],
    ['arrayBuffer', async (response: Response) => Buffer.from(await response.arrayBuffer()).toString()],
    ['blob', async (response: Response) => (await response.blob()).text()],
    ['clone', (response: Response) => response.clone().text()],
    ['body', (response: Response) => new Response(response.body).text()],
  ])('is read by %s(), whole and in pieces, and its watcher told of the end, once', async (_, read) => {
    for (const pieces of [[text], ['\uFEFF', text.slice(0, 5), text.slice(5)]]) {
      const { response, told } = handed({ pieces });
      expect((await read(response)).replace('\uFEFF', '')).toBe(text);
      expect(told.filter((one) => one === 'over' || one === 'broken')).toEqual(['over']);
    }
  });

  it('says before each piece that somebody waits: what is slow is not idle', async () => {
    const { response, told } = handed({ pieces: ['a', 'b', 'c'] });
    await response.text();
    expect(told).toEqual(['waiting', 'waiting', 'waiting', 'waiting', 'over']);
  });

  it('breaks off for its reader and for its watcher', async () => {
    for (const read of [
      (response: Response) => response.json(),
      (response: Response) => new Response(response.body).text(),
    ]) {
      const { response, told } = handed({ breaks: true });
      await expect(read(response)).rejects.toThrow('reset');
      expect(told.at(-1)).toBe('broken');
    }
  });

  it('that is no JSON is none to its reader, and whole to its watcher', async () => {
    const { response, told } = handed({ pieces: ['<html>'] });
    await expect(response.json()).rejects.toThrow(SyntaxError);
    expect(told.at(-1)).toBe('over');
  });

  it('is read once: in one piece, by its stream, or by what comes after either', async () => {
    const whole = handed().response;
    await whole.text();
    expect([whole.bodyUsed, whole.body?.locked]).toEqual([true, true]);
    await expect(whole.json()).rejects.toThrow(/unusable|locked|used/);
    expect(() => whole.clone()).toThrow(/consumed|used|locked/);

    const streamed = handed().response;
    expect(streamed.body).toBe(streamed.body);
    await streamed.body?.getReader().read();
    expect(streamed.bodyUsed).toBe(true);
    await expect(streamed.text()).rejects.toThrow(/unusable|locked|used/);
  });

  it('can be asked for its body before it is read whole', async () => {
    const { response, told } = handed();
    expect(response.body).not.toBeNull();
    expect(await response.json()).toEqual({ said: 'grüße' });
    expect(told.at(-1)).toBe('over');
  });

  it('whose reader leaves is over', async () => {
    const { response, told } = handed({ pieces: ['a', 'b'] });
    await response.body?.cancel();
    expect(told).toEqual(['over']);
  });

  it('of another kind, or without a body, is made anew', async () => {
    class Other extends Response {}
    const told: boolean[] = [];
    const watcher = { waiting: () => undefined, over: (broken: boolean) => told.push(broken) };
    const other = handedResponse(new Other(text), new Headers(), watcher);
    expect(Object.getPrototypeOf(other)).toBe(Response.prototype);
    expect(await other.text()).toBe(text);
    expect(told).toEqual([false]);
    const empty = handedResponse(new Response(null, { status: 204 }), new Headers({ a: 'b' }), watcher);
    expect([empty.status, empty.body, empty.headers.get('a')]).toEqual([204, null, 'b']);
  });
});
