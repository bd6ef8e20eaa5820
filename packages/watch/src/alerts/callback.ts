import { accepts, checkOptions } from '@tollgate/core/internal';
import type { AlertDestination, AlertNotice, DestinationOptions } from './destination.js';
import { destinationChecks } from './destination-checks.js';

/** Calls a function of the app; it is called again after an error, and when it takes longer than the alerts' `deadlineMs`. */
export function callback(
  tell: (notice: AlertNotice, signal: AbortSignal) => void | Promise<void>,
  options: DestinationOptions = {},
): AlertDestination {
  checkOptions<DestinationOptions>('callback', options, destinationChecks);
  if (accepts.function(tell) !== true) throw new TypeError('callback: the first argument must be a function');
  const { name = 'callback', atLeast } = options;
  return { name, atLeast, send: async (notice, signal) => tell(notice, signal) };
}
