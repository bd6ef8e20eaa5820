import { type Caller, detachedContext, runInContext, type TollgateContext } from '@tollgate/core';
import { meterInstaller } from './meter.js';
import { checkMeterOptions, type MeterOptions } from './meter-options.js';

/** Options of {@link runWith}: those of `meter()` that need no HTTP request, and further packages' steps. */
export interface RunWithOptions
  extends Omit<
    MeterOptions,
    'api' | 'tap' | 'exposeCost' | 'labelHeader' | 'labels' | 'mode' | 'refusals' | 'errorFormat'
  > {
  /** Labels of all calls; the caller's win. */
  labels?: Readonly<Record<string, string>>;
  /** Lets other packages join: called with the context before anything runs, e.g. to install a budget. */
  steps?: (context: TollgateContext) => void | Promise<void>;
}

/**
 * Runs a function as a caller without an HTTP request, for scripts and workers: what `meteredFetch` sends within it is
 * estimated, covered and charged to that caller. Settles and closes what is open before it resolves, and rejects with what the
 * function rejects with.
 */
export async function runWith<Result>(
  caller: Caller,
  run: (context: TollgateContext) => Result | Promise<Result>,
  options: RunWithOptions = {},
): Promise<Result> {
  const { steps, ...meterOptions } = options;
  checkMeterOptions('runWith', meterOptions);
  const { context, finish } = detachedContext(caller, options.now);
  meterInstaller(meterOptions)(context);
  context.labels = { ...options.labels, ...caller.labels };
  try {
    await steps?.(context);
    return await runInContext(context, () => run(context));
  } finally {
    await finish();
  }
}
