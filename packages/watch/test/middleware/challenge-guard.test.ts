import { describe, expect, it } from '@jest/globals';
import { contextOf } from '@tollgate/core';
import express from 'express';
import request from 'supertest';
import { type Challenges, challenge } from '../../src/index.js';

const riddle: Challenges = {
  ask: ({ score }) => ({ message: 'What is it?', headers: { 'x-riddle': `level ${score}` } }),
  solves: (req, { caller }) => req.get('x-answer') === `a ${caller.keyId}`,
};

describe('challenge()', () => {
  it('can be asked by a guard of the app, on its own score', async () => {
    const app = express();
    app.use((req, res, next) => {
      contextOf(req, res).caller = { id: 'k1', keyId: 'k1', tenant: 'a', plan: '', scopes: [], labels: {} };
      next();
    });
    app.use(challenge({ score: async (req) => Number(req.get('x-risk') ?? 0), challenges: riddle }));
    app.get('/', (_req, res) => void res.json({}));
    await request(app).get('/').expect(200);
    const asked = await request(app).get('/').set('x-risk', '3').expect(429);
    expect(asked.body.error.code).toBe('abnormal_usage');
    await request(app).get('/').set({ 'x-risk': '3', 'x-answer': 'a k1' }).expect(200);
    const hashing = express();
    hashing.use((req, res, next) => {
      contextOf(req, res).caller = { id: 'k1', tenant: 'a', plan: '', scopes: [], labels: {} };
      next();
    });
    hashing.use(challenge({ score: () => 2, leastBits: 1, mostBits: 4 }));
    const hashed = await request(hashing).get('/').expect(429);
    expect(hashed.headers['x-tollgate-challenge']).toMatch(/^1\.4\./);
    expect(() => challenge({} as never)).toThrow('challenge: "score" is required');
    expect(() => challenge({ score: () => 1, leastBits: 30 })).toThrow('"leastBits" must be');
  });
});
