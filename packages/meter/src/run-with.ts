import { type Caller, type TollgateContext, TollgateError } from '@tollgate/core';
import {
  accepts,
  checkedCaller,
  checkOptions,
  detachedContext,
  type OptionChecks,
  runInContext,
} from '@tollgate/core/internal';
import type { RequestMeter } from './calls/request-meter.js';
import { meterInstaller } from './meter.js';
import { type MeterOptions, meterChecks } from './meter-options.js';

type ForRequests =
  | 'api'
  | 'tap'
  | 'exposeCost'
  | 'labelHeader'
  | 'labels'
  | 'mode'
  | 'refusals'
  | 'errorFormat';

/** Options of {@link runWith}: those of `meter()` that need no HTTP request, and further packages' steps. */
export interface RunWithOptions extends Omit<MeterOptions, ForRequests> {
  /** Labels of all calls; the caller's win. */
  labels?: Readonly<Record<string, string>>;
  /** Lets other packages join: called with the context before anything runs, e.g. to install a budget. */
  steps?: (context: TollgateContext) => void | Promise<void>;
  /** How long calls may continue after the function has ended, in milliseconds; then they are aborted. @defaultValue 5_000 */
  graceMs?: number;
}

const {
  api: _api,
  tap: _tap,
  exposeCost: _exposeCost,
  labelHeader: _labelHeader,
  mode: _mode,
  refusals: _refusals,
  errorFormat: _errorFormat,
  ...shared
} = meterChecks;

const checks: OptionChecks<RunWithOptions> = {
  ...shared,
  labels: accepts.object,
  steps: accepts.function,
  graceMs: accepts.wholeNumber,
};

/**
 * Runs a function as a caller without an HTTP request, for scripts and workers: calls of `meteredFetch` within it are estimated, covered
 * and charged to that caller. Settles and closes open calls before it resolves; rejects with the function's error.
 */
export async function runWith<Result>(
  caller: Caller,
  run: (context: TollgateContext) => Result | Promise<Result>,
  options: RunWithOptions = {},
): Promise<Result> {
  const { steps, graceMs = 5_000, labels, ...meterOptions } = options;
  checkOptions<RunWithOptions>('runWith', options, checks);
  const { context, finish } = detachedContext(checkedCaller('runWith: caller', caller), options.now);
  const requestMeter = meterInstaller(meterOptions)(context);
  context.labels = { ...labels, ...context.caller?.labels };
  try {
    await steps?.(context);
    return await runInContext(context, () => run(context));
  } finally {
    await leave(context, requestMeter, graceMs);
    await finish();
  }
}

async function leave(context: TollgateContext, meter: RequestMeter, graceMs: number): Promise<void> {
  const gone = new TollgateError({
    status: 499,
    code: 'request_aborted',
    message: 'The work that this call was made for has ended.',
  });
  const timer = setTimeout(() => context.abort(gone), graceMs);
  await meter.writing.whenIdle();
  clearTimeout(timer);
  // The last attempt is taken off the pipeline only after its last step has ended.
  while (context.calls.running.size > 0) await new Promise(setImmediate);
}
