/** The unit that a limit counts. `usd` is counted in nano-dollars. */
export type Unit = 'requests' | 'tokens' | 'inputTokens' | 'outputTokens' | 'usd' | 'concurrent';

/** Every unit, in the order in which limits are shown. */
export const units: readonly Unit[] = Object.freeze([
  'requests',
  'tokens',
  'inputTokens',
  'outputTokens',
  'usd',
  'concurrent',
]);
