import type { JsonObject, JsonValue } from '@tollgate/core/internal';

/** Reads a provider's response leniently: missing values, and those of another type, count as absent. */
export const json = {
  isObject: (value: JsonValue | undefined): value is JsonObject =>
    typeof value === 'object' && value !== null && !Array.isArray(value),
  object: (value: JsonValue | undefined): JsonObject => (json.isObject(value) ? value : {}),
  list: (value: JsonValue | undefined): readonly JsonValue[] => (Array.isArray(value) ? value : []),
  text: (value: JsonValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined),
  /** Of usage: a whole number that is not negative. */
  count: (value: JsonValue | undefined): number | undefined =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined,
};
