import { afterEach, describe, expect, it } from '@jest/globals';
import type { Script } from '@tollgate/simulator';
import { chat, type Journey, journey } from './journey.js';

let open: Journey | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function answered(app: Journey, script: Script): Promise<{ status: number; text: string }> {
  app.sim.queue(script);
  const response = await app.post('/v1/chat/completions', chat);
  return { status: response.status, text: await response.text() };
}

describe('a whole JSON answer that ends in white space', () => {
  it('is passed on byte for byte, wherever the network cuts it', async () => {
    open = await journey();
    const script: Script = { text: 'The sea says {nothing} at all.' };
    const { text: plain } = await answered(open, script);
    const bytes = Buffer.byteLength(plain);
    const spaces = ['', '\n', '\r\n', ' \t\r\n', ' '.repeat(100), '\n'.repeat(3_000)];
    let sent = 1;
    for (const trailing of spaces) {
      const cuts = trailing === '\n' ? Array.from({ length: bytes }, (_, index) => index + 1) : [bytes];
      for (const cut of cuts) {
        const { status, text } = await answered(open, { ...script, trailing, splitAt: [cut] });
        sent += 1;
        expect({ trailing, cut, status }).toEqual({ trailing, cut, status: 200 });
        expect(Buffer.byteLength(text)).toBe(bytes + trailing.length);
        expect(text.endsWith(`}${trailing}`)).toBe(true);
      }
    }
    await open.ended(sent);
    expect(open.sim.requests).toHaveLength(sent);
    expect(open.seen.ends.every(({ outcome }) => outcome === 'ok')).toBe(true);
  });

  it('byte by byte too', async () => {
    open = await journey();
    const { status, text } = await answered(open, { trailing: '\n', chunkBytes: 1 });
    expect([status, text.endsWith('}\n')]).toEqual([200, true]);
  });

  it('is still refused where it was cut short', async () => {
    open = await journey();
    const { text: plain } = await answered(open, {});
    for (const afterBytes of [1, 20, Buffer.byteLength(plain) - 1]) {
      expect((await answered(open, { end: { afterBytes } })).status).toBe(502);
    }
  });
});

describe('a refusal of the request by the provider', () => {
  it.each(['application/octet-stream', 'text/html; charset=utf-8', 'application/json'])(
    'keeps its status when it comes as %s',
    async (contentType) => {
      open = await journey();
      for (const status of [400, 404, 409, 422]) {
        open.sim.queue({ status, contentType });
        const response = await open.post('/v1/chat/completions', chat);
        expect(response.status).toBe(status);
        expect(response.headers.get('content-type')).toContain('application/json');
        expect(await response.json()).toHaveProperty('error');
      }
    },
  );

  it.each([401, 403])('is a 502 where it is about the app’s own key: %i', async (status) => {
    open = await journey();
    open.sim.queue({ status });
    expect((await open.post('/v1/chat/completions', chat)).status).toBe(502);
  });
});
