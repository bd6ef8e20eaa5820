import { authenticate, envKeys } from '@tollgate/auth';
import { budget } from '@tollgate/budget';
import { definePlans, jsonBody, type Plans } from '@tollgate/core';
import { meter } from '@tollgate/meter';
import { rateLimit } from '@tollgate/rate-limit';
import { rateLimitStores, redisQuota } from '@tollgate/redis';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { createClient } from 'redis';
import { tollgate } from 'tollgate';

/** A machine that is busy measuring is not a Redis that is away. */
const deadlineMs = 5_000;

/** Limits that are never reached: three windows of requests and one of money. */
function plansOnRedis(): Plans {
  return definePlans({
    pro: { requests: ['100M/min', '1000M/hour', '10000M/day'], spend: '$1000000/month' },
  });
}

/** Our chain in its order, with counters on Redis. */
export async function wholeChainOnRedis(url: string): Promise<RequestHandler[]> {
  const client = await createClient({ url }).connect();
  const plans = plansOnRedis();
  return [
    helmet(),
    authenticate({ keys: envKeys() }),
    rateLimit({
      plans,
      stores: rateLimitStores({ client, prefix: 'pieces', deadlineMs }),
      storeDeadlineMs: deadlineMs,
    }),
    jsonBody(),
    meter(),
    budget({
      plans,
      store: redisQuota({ client, prefix: 'pieces', outbox: true, deadlineMs }),
      storeDeadlineMs: deadlineMs,
    }),
  ];
}

/** The same as most apps mount it; requests are counted in the same step as money. */
export function umbrellaOnRedis(url: string): RequestHandler[] {
  const app = tollgate({
    plans: plansOnRedis(),
    keys: envKeys(),
    redis: { url, prefix: 'umbrella', outbox: true, deadlineMs },
    budget: { requests: true },
  });
  return [helmet(), app.guards()];
}
