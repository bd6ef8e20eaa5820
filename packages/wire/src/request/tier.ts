import type { JsonObject } from '@tollgate/core/internal';
import { stringOf } from './json.js';
import type { RequestFacts } from './request-facts.js';

/** The service tier that a field states. */
export function statedTier(body: JsonObject, name: string): RequestFacts['tier'] {
  const tier = stringOf(body, name);
  return tier === undefined ? undefined : { name: tier.toLowerCase(), param: name };
}
