import type { TollgateOptions } from './tollgate-options.js';

/** The options with their clock in those of each piece that has none. */
export function withClock(options: TollgateOptions): TollgateOptions {
  const { authenticate, rateLimit, budget, meter, jobs, cache, watch, alerts } = options;
  const { now = authenticate?.now } = options;
  if (!now) return options;
  return {
    ...options,
    now,
    authenticate: { now, ...authenticate },
    rateLimit: { now, ...rateLimit },
    budget: { now, ...budget },
    meter: { now, ...meter },
    ...(jobs && { jobs: { now, ...jobs } }),
    ...(cache && { cache: { now, ...(cache === true ? {} : cache) } }),
    ...(watch && { watch: 'observe' in watch ? watch : { now, ...watch } }),
    ...(alerts && { alerts: { now, ...alerts } }),
  };
}
