import { describeValue, type OptionCheck } from '@tollgate/core/internal';
import { Router } from './router.js';

/** The check of an option that is a router. */
export const isRouter: OptionCheck = (value) => value instanceof Router || 'what router() returns';

/** Throws a `TypeError` for a task that is none of the router's. */
export function checkTask(factory: string, router: Router | undefined, task: string | undefined): void {
  if (task === undefined || router?.hasTask(task)) return;
  throw new TypeError(`${factory}: "task" must be a task of "route", received ${describeValue(task)}`);
}
