import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { readConfig } from '../src/config.js';
import { withToken } from '../src/with-token.js';

describe('METRICS_TOKEN', () => {
  it('lets the right bearer token through, and leaves all others to the next route', async () => {
    const app = express();
    app.get('/metrics', withToken('a-token-of-prometheus'), (_req, res) => void res.send('metrics'));
    app.get('/metrics', (_req, res) => void res.status(401).send('a key is needed'));
    for (const [authorization, status] of [
      ['Bearer a-token-of-prometheus', 200],
      ['Bearer a-token-of-prometheu', 401],
      ['Bearer a-token-of-prometheus ', 200], // HTTP ignores spaces at the end of a header
      ['bearer a-token-of-prometheus', 401],
      ['Bearer ', 401],
      ['', 401],
    ] as const) {
      const answer = await request(app).get('/metrics').set('authorization', authorization);
      expect([authorization, answer.status]).toEqual([authorization, status]);
    }
  });

  it('must not be short', () => {
    expect(readConfig({}).metricsToken).toBeUndefined();
    expect(() => readConfig({ METRICS_TOKEN: 'short' })).toThrow(
      'METRICS_TOKEN must be at least 16 characters',
    );
  });
});
