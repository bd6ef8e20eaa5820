import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type Express, type Request } from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import passport from 'passport';
import { Strategy } from 'passport-http-bearer';
import { RedisStore } from 'rate-limit-redis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { createClient } from 'redis';
import { keys } from './callers.js';

const hash = (key: string): Buffer => createHash('sha256').update(key).digest();
const windowsMs = [60_000, 3_600_000, 86_400_000];

/** What an app would put together from the packages that everybody uses, with its counters on Redis. */
export async function composedChainOnRedis(
  url: string,
  answer: object,
  usedTokens: number,
): Promise<Express> {
  const client = createClient({ url });
  await client.connect();
  const users = new Map(
    keys().map(({ key, tenant }) => [hash(key).toString('hex'), { tenant, hash: hash(key) }]),
  );
  const app = express();
  const auth = new passport.Passport();
  auth.use(
    new Strategy((token, done) => {
      const given = hash(token);
      const user = users.get(given.toString('hex'));
      done(null, user && timingSafeEqual(user.hash, given) ? user : false);
    }),
  );
  const dollars = new RateLimiterRedis({
    storeClient: client,
    useRedisPackage: true,
    keyPrefix: 'composed:dollars',
    points: 1_000_000_000_000,
    duration: 86_400,
  });
  app.use(helmet());
  app.use(auth.authenticate('bearer', { session: false }));
  for (const windowMs of windowsMs) {
    app.use(
      rateLimit({
        windowMs,
        limit: 100_000_000,
        standardHeaders: 'draft-8',
        legacyHeaders: false,
        keyGenerator: tenantOf,
        store: new RedisStore({
          prefix: `composed:${windowMs}:`,
          sendCommand: (...command: string[]) => client.sendCommand(command),
        }),
      }),
    );
  }
  app.use(express.json());
  app.post('/v1/chat/completions', async (req, res, next) => {
    // The load has ended while Redis was waited for: there is no body any more.
    if (req.body === undefined) return;
    try {
      const tenant = tenantOf(req);
      const estimate =
        Math.ceil(JSON.stringify(req.body).length / 4) + Number(req.body.max_completion_tokens);
      await dollars.consume(tenant, estimate * 100);
      await dollars.reward(tenant, Math.max(0, estimate - usedTokens) * 100);
      res.json(answer);
    } catch (error) {
      next(error);
    }
  });
  return app;
}

function tenantOf(req: Request): string {
  const user: unknown = req.user;
  return typeof user === 'object' && user !== null && 'tenant' in user ? String(user.tenant) : '';
}
