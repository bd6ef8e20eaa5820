import type { Settings } from './neutral-request.js';
import { notTranslatable } from './not-translatable.js';

/** Refuses, by the client's own name, what is set and what the provider's format does not have. */
export function refuseSettings(
  settings: Settings,
  names: readonly (keyof Settings)[],
  provider: string,
): void {
  for (const name of names) {
    const asked = settings[name];
    if (asked) throw notTranslatable(asked.param, `${provider} has nothing of the kind`);
  }
}
