import { describe, expect, it } from '@jest/globals';
import express from 'express';
import express4 from 'express4';
import request from 'supertest';

describe('the two versions of Express that Tollgate is tested on', () => {
  const versions: [string, typeof express, string][] = [
    ['express 5', express, '/a{/:b}'],
    ['express 4', express4, '/a/:b?'],
  ];
  for (const [name, create, ownSyntax] of versions) {
    it(`${name} serves its own path syntax`, async () => {
      const app = create();
      app.get(ownSyntax, (req, res) => {
        res.json({ b: req.params.b ?? null });
      });
      await request(app).get('/a/1').expect(200, { b: '1' });
      const answer = await request(app).get('/a');
      expect(answer.body).toEqual({ b: null });
    });
  }
});
