import { createServer } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import express from 'express';
import express4 from 'express4';
import request from 'supertest';
import { contextOf } from '../../src/index.js';

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('on %s', (_version, makeApp) => {
  it('leaves every property of request and response as Node and Express made it', async () => {
    const app = (makeApp as typeof express)();
    const seen: Record<string, unknown>[] = [];
    const shown = (of: object): Record<string, unknown> => ({ ...of });
    app.use((req, res, next) => {
      const before = { req: shown(req), res: shown(res) };
      contextOf(req, res);
      const { tollgate: _tollgate, ...after } = shown(req);
      seen.push({ before: before.req, after });
      expect(Object.keys(after).sort()).toEqual(Object.keys(before.req).sort());
      expect(Object.keys(res).sort()).toEqual(Object.keys(before.res).sort());
      expect(req.statusMessage).toBe(before.req.statusMessage);
      expect(res.sendDate).toBe(true);
      next();
    });
    app.get('/', (req, res) => {
      res.json({ url: req.url });
    });
    const answer = await request(createServer(app)).get('/');
    expect(answer.body).toEqual({ url: '/' });
    expect(answer.headers.date).toBeDefined();
    expect(seen).toHaveLength(1);
  });
});
