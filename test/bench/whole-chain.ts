import { authenticate, envKeys } from '@tollgate/auth';
import { budget } from '@tollgate/budget';
import { definePlans, jsonBody, memoryQuota } from '@tollgate/core';
import { meter } from '@tollgate/meter';
import { rateLimit } from '@tollgate/rate-limit';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Our chain in its order, with limits that are never reached and counters in memory. */
export function wholeChain(): RequestHandler[] {
  const plans = definePlans({ pro: { requests: '100M/min', tokens: '1000M/day', spend: '$1000000/month' } });
  const store = memoryQuota();
  return [
    helmet(),
    authenticate({ keys: envKeys() }),
    rateLimit({ plans }),
    jsonBody(),
    meter(),
    budget({ plans, store }),
  ];
}
