import { describe, expect, it } from '@jest/globals';
import type { RequestHandler } from 'express';
import request from 'supertest';
import { labels } from '../src/index.js';
import { caller, meteredApp, signedIn } from './metered-app.js';

const body = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'hi' }], max_completion_tokens: 10 };
const path = '/v1/chat/completions';
const ok: RequestHandler = (_req, res) => void res.json({});

describe('labels', () => {
  const labelled = async (as: Partial<typeof caller>, header?: string) => {
    const { events, settled } = await (async () => {
      const metered = meteredApp(
        (app) => app.post(path, labels({ route: 'route', shared: 'route', mine: 'route' }), ok),
        {
          labels: () => ({ app: 'app', shared: 'app', header: 'app' }),
          labelHeader: { scope: 'labels' },
        },
        [signedIn({ ...caller, ...as })],
      );
      const sending = request(metered.app).post(path);
      await (header === undefined ? sending : sending.set('x-tollgate-labels', header)).send(body);
      return metered;
    })();
    await settled(1);
    return events[0]?.labels;
  };

  it('come from the verified caller, then the route, then the app', async () => {
    expect(await labelled({ labels: { mine: 'caller' } })).toEqual({
      app: 'app',
      header: 'app',
      shared: 'route',
      route: 'route',
      mine: 'caller',
    });
  });

  it('come last from a header, and only of callers whose scope allows it', async () => {
    const header = 'feature=chat, job="nightly \\"run\\"", header=client';
    expect(await labelled({ scopes: ['labels'] }, header)).toMatchObject({
      feature: 'chat',
      job: 'nightly "run"',
      header: 'app',
    });
    expect(await labelled({}, header)).not.toHaveProperty('feature');
  });

  it.each([
    'feature',
    'a=1',
    'a=b;c',
    'a="b',
    'a=b,,c=d',
    'ä=b',
    Array.from({ length: 17 }, (_, i) => `a${i}=b`).join(', '),
  ])('in a malformed header are refused: %s', async (header) => {
    const { app } = meteredApp((app) => app.post(path, ok), { labelHeader: { scope: 'labels' } }, [
      signedIn({ ...caller, scopes: ['labels'] }),
    ]);
    const answer = await request(app)
      .post(path)
      .set('x-tollgate-labels', Buffer.from(header).toString('latin1'))
      .send(body);
    expect(answer.body.error).toMatchObject({ code: 'invalid_value', param: 'x-tollgate-labels' });
  });
});
