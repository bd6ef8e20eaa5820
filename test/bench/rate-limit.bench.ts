/** What counting requests costs: express-rate-limit as it comes, and `rateLimit()` with one window and with three, in memory. */
import type { RequestLimit } from '@tollgate/rate-limit';
import type { RequestHandler } from 'express';
import { chatBody } from './chat-body.js';
import { compare } from './harness/compare.js';
import { listen } from './harness/listen.js';

async function serve(...guards: RequestHandler[]): Promise<string> {
  const { default: express } = await import('express');
  const app = express();
  app.use(...guards, express.json());
  app.post('/v1/chat/completions', (_req, res) => {
    res.json({ id: 'chatcmpl-1', object: 'chat.completion', choices: [] });
  });
  return listen(app);
}

async function ours(...limits: RequestLimit[]): Promise<RequestHandler> {
  const { rateLimit } = await import('@tollgate/rate-limit');
  return rateLimit({ limits });
}

const passing: RequestHandler = (_req, _res, next) => next();

await compare({
  name: 'rate-limit',
  contenders: {
    'bare Express': () => serve(passing),
    'express-rate-limit, as it comes': async () => {
      const { rateLimit } = await import('express-rate-limit');
      return serve(
        rateLimit({ windowMs: 60_000, limit: 1e9, standardHeaders: 'draft-8', legacyHeaders: false }),
      );
    },
    'express-rate-limit, three windows': async () => {
      const { rateLimit } = await import('express-rate-limit');
      const windows = [60_000, 3_600_000, 86_400_000];
      const one = (windowMs: number) =>
        rateLimit({
          windowMs,
          limit: 1e9,
          standardHeaders: 'draft-8',
          legacyHeaders: false,
          validate: false,
        });
      return serve(...windows.map(one));
    },
    'rateLimit(), one window': async () => serve(await ours('100M/min')),
    'rateLimit(), three windows': async () => serve(await ours('100M/min', '100M/hour', '100M/day')),
  },
  scenarios: [
    {
      title: 'Counting requests, in memory',
      contenders: [
        'bare Express',
        'express-rate-limit, as it comes',
        'express-rate-limit, three windows',
        'rateLimit(), one window',
        'rateLimit(), three windows',
      ],
      load: {
        path: '/v1/chat/completions',
        body: chatBody(),
        headers: [{ 'content-type': 'application/json' }],
        connections: 20,
      },
    },
  ],
});
