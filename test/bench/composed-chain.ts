import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type Express, type Request } from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import passport from 'passport';
import { Strategy } from 'passport-http-bearer';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { keys } from './callers.js';

const hash = (key: string): Buffer => createHash('sha256').update(key).digest();

/** What an app would put together from the packages that everybody uses: sound, and without anything that Tollgate does beyond it. */
export function composedChain(answer: object, usedTokens: number): Express {
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
  const tokens = new RateLimiterMemory({ points: 1_000_000_000, duration: 86_400 });
  const dollars = new RateLimiterMemory({ points: 1_000_000_000_000, duration: 86_400 });
  app.use(helmet());
  app.use(auth.authenticate('bearer', { session: false }));
  app.use(
    rateLimit({
      windowMs: 60_000,
      limit: 100_000_000,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      keyGenerator: tenantOf,
    }),
  );
  app.use(express.json());
  app.post('/v1/chat/completions', async (req, res, next) => {
    try {
      const tenant = tenantOf(req);
      const estimate =
        Math.ceil(JSON.stringify(req.body).length / 4) + Number(req.body.max_completion_tokens);
      await Promise.all([tokens.consume(tenant, estimate), dollars.consume(tenant, estimate * 100)]);
      await Promise.all([
        tokens.reward(tenant, Math.max(0, estimate - usedTokens)),
        dollars.reward(tenant, Math.max(0, estimate - usedTokens) * 100),
      ]);
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
