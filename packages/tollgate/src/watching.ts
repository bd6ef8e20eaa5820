import type { UsageSink } from '@tollgate/core';
import type { GuardOptions } from '@tollgate/core/internal';
import { type Watch, watch } from '@tollgate/watch';
import type { Stores } from './stores.js';
import { answerOptions, type TollgateOptions } from './tollgate-options.js';

/** Takes usage events on behalf of a `watch()` that is made after the stores which it is fed from. */
export class WatchFeed implements UsageSink {
  #watch: Watch | undefined;

  write(event: Parameters<UsageSink['write']>[0]): void | Promise<void> {
    return this.#watch?.sink.write(event);
  }

  /** The app's own `watch()`, or one of these options with the app's stores; from now on it is fed. */
  begin(
    options: NonNullable<TollgateOptions['watch']>,
    guard: GuardOptions & { now?: () => number },
    stores: Stores,
  ): Watch {
    this.#watch = isWatch(options)
      ? options
      : watch({
          ...answerOptions(guard),
          ...(guard.now && { now: guard.now }),
          ...(guard.mode && { mode: guard.mode }),
          ...(stores.switch && { store: stores.switch }),
          ...(stores.claims && { claims: stores.claims }),
          ...(stores.learned && { learned: stores.learned }),
          ...options,
        });
    return this.#watch;
  }
}

function isWatch(options: NonNullable<TollgateOptions['watch']>): options is Watch {
  return 'observe' in options;
}
