import { authenticate, envKeys } from '@tollgate/auth';
import { budget } from '@tollgate/budget';
import { definePlans, jsonBody, memoryQuota, type Plans } from '@tollgate/core';
import { meter } from '@tollgate/meter';
import { rateLimit } from '@tollgate/rate-limit';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Limits that are never reached: of requests, tokens and money. */
export function chainPlans(): Plans {
  return definePlans({ pro: { requests: '100M/min', tokens: '1000M/day', spend: '$1000000/month' } });
}

/** Our chain in its order, with limits that are never reached and counters in memory. */
export function wholeChain(metered: RequestHandler = meter()): RequestHandler[] {
  const plans = chainPlans();
  const store = memoryQuota();
  return [
    helmet(),
    authenticate({ keys: envKeys() }),
    rateLimit({ plans }),
    jsonBody(),
    metered,
    budget({ plans, store }),
  ];
}
