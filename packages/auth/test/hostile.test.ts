import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import fc from 'fast-check';
import request from 'supertest';
import { credentialOf } from '../src/credential.js';
import { createKey, memoryKeys } from '../src/index.js';
import { appWith, versions } from './app.js';

const facts = { tenant: 'acme', plan: 'pro' };

/** Sends bytes as they are, where HTTP clients would refuse to; returns the status line. */
function statusLineOf(app: ReturnType<typeof appWith>, headers: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = app.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(
          Buffer.from(`GET /v1 HTTP/1.1\r\nHost: a\r\n${headers}\r\nConnection: close\r\n\r\n`, 'latin1'),
        );
      });
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
      });
      socket.on('error', reject).on('close', () => {
        server.close();
        resolve(text.split('\r\n')[0] ?? '');
      });
    });
  });
}

for (const [version, create] of versions) {
  describe(`hostile requests on ${version}`, () => {
    it('with odd bytes in the credential are 400 or 401, never 500', async () => {
      const app = appWith({ keys: memoryKeys(), failures: false }, create);
      const values = [
        '\x00',
        'Bearer \x00',
        'Bearer a\x00b',
        'Bearer \xff\xfe',
        'Bearer a\tb',
        'Bearer a b',
        'Bearer ,,',
      ];
      for (const value of [...values, `Bearer ${'x'.repeat(9_000)}`, `Bearer ${'='.repeat(500)}`]) {
        expect(await statusLineOf(app, `Authorization: ${value}`)).toMatch(/^HTTP\/1\.1 40[01] /);
      }
      expect(await statusLineOf(app, `Authorization: Bearer ${'x'.repeat(20_000)}`)).toMatch(
        /^HTTP\/1\.1 431 /,
      );
    });

    it('with every header that could carry one are 400', async () => {
      const keys = memoryKeys();
      const { key } = keys.create(facts);
      const app = appWith({ keys }, create);
      const headers = [
        `Authorization: Bearer ${key}`,
        `X-API-Key: ${key}`,
        `API-KEY: ${key}`,
        `x-goog-api-key: ${key}`,
      ];
      for (const one of headers) {
        for (const other of headers) {
          expect(await statusLineOf(app, `${one}\r\n${other}`)).toBe('HTTP/1.1 400 Bad Request');
        }
        expect(await statusLineOf(app, one)).toBe('HTTP/1.1 200 OK');
      }
    });

    it('with a key that carries the other mark are refused, since the checksum covers it', async () => {
      const keys = memoryKeys();
      const { key } = keys.create(facts);
      await request(appWith({ keys }, create))
        .get('/v1')
        .set('x-api-key', key.replace('tg_live_', 'tg_test_'))
        .expect(401);
    });

    it('cannot name themselves in headers or body', async () => {
      const keys = memoryKeys();
      const { key } = keys.create(facts);
      const answer = await request(appWith({ keys }, create))
        .post('/v1')
        .set({ 'x-api-key': key, 'x-tenant': 'other', 'x-tollgate-tenant': 'other', 'x-user': 'root' })
        .send({ tenant: 'other', plan: 'gold', user: 'root', scopes: ['admin'] })
        .expect(200);
      expect(answer.body.caller).toMatchObject({ tenant: 'acme', plan: 'pro', scopes: [] });
    });
  });
}

describe('finding the credential', () => {
  it('takes a text exactly if it is one credential of RFC 6750, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const found = credentialOf({ headers: { authorization: `Bearer ${text}` } });
        const good = /^ *[A-Za-z0-9\-._~+/]+=*$/.test(text);
        expect(found.kind === 'one').toBe(good);
        if (found.kind === 'one') expect(found.text).toBe(text.trimStart());
      }),
    );
  });
});

describe('what is published', () => {
  it('tells outcome and key id, and never a credential', async () => {
    const heard: Readonly<Record<string, unknown>>[] = [];
    const stop = subscribe('tollgate:auth', (told) => heard.push(told));
    const keys = memoryKeys();
    const { key, keyId } = keys.create(facts);
    const wrong = createKey().key;
    const app = appWith({ keys });
    for (const text of [key, key, wrong, 'nonsense']) await request(app).get('/v1').set('x-api-key', text);
    stop();
    expect(heard.map(({ outcome, keyId: told }) => [outcome, told])).toEqual([
      ['verified', keyId],
      ['remembered', keyId],
      ['invalid_api_key', undefined],
      ['invalid_api_key', undefined],
    ]);
    expect(heard.every(Object.isFrozen)).toBe(true);
    const all = JSON.stringify(heard);
    for (const text of [key, wrong, wrong.split('_')[2] as string, 'nonsense'])
      expect(all).not.toContain(text);
  });

  it('the caller is frozen through and through', async () => {
    const keys = memoryKeys();
    const { key } = keys.create({ ...facts, scopes: ['a'], models: ['m'], labels: { a: 'b' } });
    const callers: (object | undefined)[] = [];
    const app = appWith({ keys });
    app.use((req, res) => {
      const { caller } = req.tollgate;
      callers.push(caller, caller?.scopes, caller?.models, caller?.labels);
      res.end();
    });
    await request(app).get('/other').set('x-api-key', key).expect(200);
    expect(callers).toHaveLength(4);
    expect(callers.every(Object.isFrozen)).toBe(true);
  });
});
