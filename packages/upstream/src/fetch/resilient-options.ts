import { accepts, checkOptions } from '@tollgate/core/internal';
import { takesCalls } from '../call/provider-call.js';
import { checkTask, isRouter } from '../route/route-option.js';
import type { RoutingSettings } from '../route/routed-call.js';
import type { Router } from '../route/router.js';

/** Where the calls of an SDK go, beside where the SDK sends them: the third argument of {@link resilient}. */
export interface ResilientOptions {
  /** The result of `router()`: chooses the model of calls that request one of its names. The caller's labels may name the task. Default: none. */
  route?: Router;
  /** The task of all these calls, one of `route`'s. Default: by label, or by the form of the prompt. */
  task?: string;
  /** Calls may go to providers with another format than the SDK's; calls that cannot be translated do not. @defaultValue false */
  translate?: boolean;
}

/** Throws a `TypeError` for a wrong or unknown option. */
export function readResilient(options: ResilientOptions): Pick<RoutingSettings, 'router' | 'task' | 'takes'> {
  checkOptions<ResilientOptions>('resilient', options, {
    route: isRouter,
    task: accepts.string,
    translate: accepts.boolean,
  });
  const { route: router, task, translate = false } = options;
  checkTask('resilient', router, task);
  return { router, task, takes: (provider, api) => takesCalls(provider, api, translate) };
}
