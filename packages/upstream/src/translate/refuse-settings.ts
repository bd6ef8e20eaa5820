import type { Settings } from './neutral-request.js';
import { notTranslatableError } from './not-translatable.js';

/** Refuses settings without a counterpart in the provider's format, by the client's names. */
export function refuseSettings(
  settings: Settings,
  names: readonly (keyof Settings)[],
  provider: string,
): void {
  for (const name of names) {
    const asked = settings[name];
    if (asked) throw notTranslatableError(asked.param, `${provider} has nothing of the kind`);
  }
}
