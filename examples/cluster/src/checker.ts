import type { TollgateOptions } from 'tollgate';
import { standing } from './budget.js';

/** Reads the budget repeatedly while other processes spend it. */
export interface Checker {
  /** Stops, and returns the number of readings and the highest sum of used and held amounts, in nano-dollars. */
  stop(): Promise<{ looks: number; mostNanoUsd: number }>;
}

export function startChecker(store: NonNullable<TollgateOptions['store']>, capNanoUsd: number): Checker {
  let stopped = false;
  let looks = 0;
  let mostNanoUsd = 0;
  const looking = (async () => {
    while (!stopped) {
      const { used, held } = await standing(store, capNanoUsd);
      looks += 1;
      mostNanoUsd = Math.max(mostNanoUsd, used + held);
    }
  })();
  // stop() reports a failure.
  looking.catch(() => undefined);
  return {
    async stop() {
      stopped = true;
      await looking;
      return { looks, mostNanoUsd };
    },
  };
}
