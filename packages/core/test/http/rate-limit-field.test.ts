import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { appendRateLimit } from '../../src/http/rate-limit-field.js';

describe('appendRateLimit', () => {
  it('writes lists that later middleware adds to, money in micro-dollars', async () => {
    const app = express();
    app.use((_req, res, next) => {
      appendRateLimit(res, [
        {
          name: 'requests-min',
          unit: 'requests',
          quota: 100,
          windowSeconds: 60,
          left: 99,
          resetSeconds: 11.2,
        },
      ]);
      next();
    });
    app.get('/', (_req, res) => {
      appendRateLimit(res, [
        {
          name: 'usd-day',
          unit: 'usd',
          quota: 500_000_000,
          windowSeconds: 86_400,
          left: 499_999_999,
          resetSeconds: 9,
        },
        { name: 'concurrent', unit: 'concurrent', quota: 2, left: -1 },
      ]);
      res.end();
    });
    const { headers } = await request(app).get('/');
    expect(headers['ratelimit-policy']).toBe(
      '"requests-min";q=100;w=60, "usd-day";q=500000;w=86400;qu="micro-usd", "concurrent";q=2;qu="concurrent"',
    );
    expect(headers.ratelimit).toBe('"requests-min";r=99;t=12, "usd-day";r=499999;t=9, "concurrent";r=0');
  });

  it('keeps what other middleware has written, before and after', async () => {
    const app = express();
    const limit = { unit: 'requests', quota: 9, left: 8 } as const;
    app.get('/', (_req, res) => {
      res.append('RateLimit', '"first";r=1').append('RateLimit-Policy', '"first";q=1');
      appendRateLimit(res, [{ name: 'ours', ...limit }]);
      appendRateLimit(res, [{ name: 'more', ...limit }]);
      res.append('RateLimit', '"last";r=2').append('RateLimit-Policy', '"last";q=2');
      appendRateLimit(res, [{ name: 'ours', ...limit, left: 7 }]);
      res.end();
    });
    const { headers } = await request(app).get('/');
    expect(headers.ratelimit).toBe('"first";r=1, "last";r=2, "ours";r=7, "more";r=8');
    expect(headers['ratelimit-policy']).toBe('"first";q=1, "last";q=2, "ours";q=9, "more";q=9');
  });
});
