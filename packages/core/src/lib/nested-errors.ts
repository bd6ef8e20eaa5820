/** How many levels of nested errors are searched. */
const deepest = 4;

/** The fields by which SDKs describe a failed call, and by which errors wrap others. */
export type ErrorFields = Readonly<Record<string, unknown>>;

/** An error and the ones that it wraps, outermost first: `lastError` (the AI SDK's retries), then `cause`. At most five levels. */
export function nestedErrors(error: unknown, depth = 0): readonly ErrorFields[] {
  if (typeof error !== 'object' || error === null || depth > deepest) return [];
  const fields = error as ErrorFields;
  return [fields, ...nestedErrors(fields.lastError, depth + 1), ...nestedErrors(fields.cause, depth + 1)];
}
