import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import express5 from 'express';
import express4 from 'express4';
import request from 'supertest';
import { forgetWarnings } from '../../src/lib/warning.js';
import { type JsonBodyOptions, jsonBody } from '../../src/request/json-body.js';

describe.each([
  ['5', express5],
  ['4.18', express4 as unknown as typeof express5],
])('jsonBody() on Express %s', (_version, express) => {
  const app = (options?: JsonBodyOptions) => {
    const made = express();
    made.use(jsonBody(options));
    made.post('/', (req, res) => void res.json({ received: req.body ?? null }));
    made.get('/', (_req, res) => void res.json({}));
    return made;
  };
  const post = (body: string | Buffer, type = 'application/json', options?: JsonBodyOptions) =>
    request(app(options))
      .post('/')
      .set('Content-Type', type)
      .send(body as string);

  it('reads a body into req.body', async () => {
    const { body, headers } = await post('{"a":[1,{"b":"\\"x\\\\"}]}');
    expect(body).toEqual({ received: { a: [1, { b: '"x\\' }] } });
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers['request-id']).toBe(headers['x-request-id']);
  });

  it.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"x":{"max_tokens":1,"n":[{}],"max_tokens":2}}', 'max_tokens'],
    ['{"\\u0061":1,"a":2}', 'a'],
    ['[{"k":":"},{"k":{"k":1,"k":1}}]', 'k'],
  ])('refuses a key given twice: %s', async (text, key) => {
    const { status, body } = await post(text);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({
      code: 'invalid_json',
      param: key,
      message: `The key "${key}" is given twice.`,
    });
  });

  it.each(['{"a":[{"a":1},{"a":":"}],"b":{"a":{}}}', '[]', '{}', '{"a":"\\\\"}', '{"a\\"":1,"a":2}'])(
    'lets the same key pass in different objects: %s',
    async (text) => {
      const { body } = await post(text);
      expect(body).toEqual({ received: JSON.parse(text) });
    },
  );

  it.each([
    ['announced', 'content-length: 300000000'],
    ['sent in chunks', 'transfer-encoding: chunked'],
  ])(
    'refuses a body that is %s longer than its limit without reading it to the end',
    async (_how, length) => {
      const server = app({ limit: '100kb' }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
      const piece = Buffer.alloc(10_000, ' ');
      const chunk = length.startsWith('content')
        ? piece
        : Buffer.concat([Buffer.from('2710\r\n'), piece, Buffer.from('\r\n')]);
      let answer = '';
      let sent = 0;
      client.setEncoding('utf8').on('data', (text: string) => {
        answer += text;
      });
      const closed = once(client, 'close');
      client.on('error', () => undefined);
      client.write(`POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n${length}\r\n\r\n`);
      while (answer === '' && !client.destroyed && sent < 30_000) {
        sent += 1;
        if (!client.write(chunk)) await Promise.race([once(client, 'drain'), closed]);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await closed;
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer).toContain('request_too_large');
      expect(sent).toBeLessThan(30_000);
      server.close();
    },
  );

  it('leaves the size of a body that another parser has read to that parser', async () => {
    const made = express();
    made.use(express.json({ limit: '1mb' }), jsonBody({ limit: 100 }));
    made.post('/', (req, res) => void res.json({ length: req.body.text.length }));
    const { status, body } = await request(made)
      .post('/')
      .send({ text: 'x'.repeat(5_000) });
    expect({ status, body }).toEqual({ status: 200, body: { length: 5_000 } });
  });

  it('refuses bodies with more than maxValues values, and accepts those with as many', async () => {
    const numbers = (count: number) => `{"input":[${Array.from({ length: count }, () => '1').join()}]}`;
    const commas = JSON.stringify({ text: ',[{'.repeat(30_000) });
    expect((await post(numbers(19_997))).status).toBe(200);
    expect((await post(commas)).status).toBe(200);
    for (const text of [numbers(20_001), `[${'[],'.repeat(15_000)}1]`, `[${'{"a":1},'.repeat(11_000)}1]`]) {
      const { status, body } = await post(text);
      expect({ status, error: body.error }).toMatchObject({
        status: 413,
        error: { code: 'request_too_large', message: 'The body has more than 20000 values.' },
      });
    }
    expect((await post(numbers(30_000), 'application/json', { maxValues: 40_000 })).status).toBe(200);
    expect((await post('[1,2,3]', 'application/json', { maxValues: 3 })).status).toBe(413);
  });

  it.each([
    ['1e400', '{"max_tokens":1e400}', 'not finite'],
    ['-1e400', '{"a":[-1e400]}', 'not finite'],
    ['__proto__', '{"__proto__":{"admin":true}}', 'not allowed'],
    ['broken JSON', '{"a":', 'not a JSON object'],
    ['a bare value', '"text"', 'not a JSON object'],
    ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`, 'more than 64 levels'],
    ['40 000 levels', '['.repeat(40_000), 'more than 64 levels'],
  ])('refuses %s', async (_what, text, message) => {
    const { status, body } = await post(text);
    expect(status).toBe(400);
    expect(body.error.code).toBe('invalid_json');
    expect(body.error.message).toContain(message);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
  ])('refuses the content type %s', async (type) => {
    const { status, body } = await post('{"a":1}', type);
    expect(status).toBe(415);
    expect(body.error).toMatchObject({ code: 'unsupported_media_type', param: 'content-type' });
  });

  it.each(['utf-16', 'utf-7', 'latin1'])('refuses the charset %s', async (charset) => {
    const { status, body } = await post('{"a":1}', `application/json; charset=${charset}`);
    expect(status).toBe(415);
    expect(body.error.param).toBe('charset');
  });

  it('refuses a body that is too large, also when it was compressed', async () => {
    const { status, body } = await post(`{"a":"${'x'.repeat(200)}"}`, 'application/json', { limit: 100 });
    expect(status).toBe(413);
    expect(body.error.code).toBe('request_too_large');
  });

  it("answers in Anthropic's shape where the client speaks it", async () => {
    const { body } = await post('{').set('anthropic-version', '2023-06-01');
    expect(body).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', code: 'invalid_json' },
    });
  });

  it('lets requests without a body pass', async () => {
    expect((await request(app()).get('/')).status).toBe(200);
    expect((await request(app()).post('/')).status).toBe(200);
  });
});

describe('jsonBody()', () => {
  beforeEach(() => forgetWarnings());

  it('throws at start for a wrong option', () => {
    expect(() => jsonBody({ limit: '1 potato' })).toThrow(
      'jsonBody: "limit" must be a number of bytes or a text such as "1mb"',
    );
    expect(() => jsonBody({ maxDept: 3 } as never)).toThrow('did you mean "maxDepth"?');
  });

  it('warns once when another parser ran before it', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const app = express5();
    app.use(express5.json(), jsonBody());
    app.post('/', (req, res) => void res.json(req.body));
    await request(app).post('/').send({ a: 1 });
    await request(app).post('/').send({ a: 1 });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[1]).toMatchObject({ code: 'TOLLGATE_W_ORDER' });
    warn.mockRestore();
  });

  it('neither warns nor goes on where the client left before its body was read', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const reached: string[] = [];
    let waiting: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) => {
      waiting = resolve;
    });
    let passedOn: (() => void) | undefined;
    const parsed = new Promise<void>((resolve) => {
      passedOn = resolve;
    });
    const app = express5();
    app.use((_req, res, next) => {
      waiting?.();
      res.once('close', () => {
        next();
        passedOn?.();
      });
    });
    app.use(jsonBody());
    app.post('/', (_req, res) => {
      reached.push('handler');
      res.end();
    });
    const server = app.listen(0);
    const { port } = server.address() as AddressInfo;
    const sending = httpRequest({ port, method: 'POST', headers: { 'content-type': 'application/json' } });
    sending.on('error', () => undefined);
    sending.end(JSON.stringify({ a: 'x'.repeat(1_000) }));
    await arrived;
    sending.destroy();
    await parsed;
    await new Promise(setImmediate);
    expect(reached).toEqual([]);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
    server.close();
  });
});
