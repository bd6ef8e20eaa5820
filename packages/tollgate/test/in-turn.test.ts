import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { inTurn } from '../src/in-turn.js';

describe('handlers in turn', () => {
  const says = (word: string): express.RequestHandler => {
    return (_req, res, next) => {
      res.append('x-said', word);
      next();
    };
  };
  const appOf = (...handlers: express.RequestHandler[]) => {
    const app = express();
    app.use('/v1', inTurn('guards', handlers));
    app.get('/v1/x', (_req, res) => void res.send('end'));
    app.use(
      ((error, _req, res, _next) => void res.status(500).send(String(error))) as express.ErrorRequestHandler,
    );
    return request(app).get('/v1/x');
  };

  it('run one after the other, then the app goes on', async () => {
    const { headers, text } = await appOf(says('a'), says('b'), says('c'));
    expect([headers['x-said'], text]).toEqual(['a, b, c', 'end']);
  });

  it('stop where one answers', async () => {
    const { text } = await appOf(says('a'), (_req, res) => void res.send('stopped'), says('b'));
    expect(text).toBe('stopped');
  });

  it("hand errors, given or thrown, to the app's error handler", async () => {
    expect((await appOf((_req, _res, next) => next(new Error('given')), says('b'))).text).toBe(
      'Error: given',
    );
    const thrown = await appOf(says('a'), () => {
      throw new Error('thrown');
    });
    expect(thrown.text).toBe('Error: thrown');
  });
});
