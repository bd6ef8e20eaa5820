/** Parts of a script's answer, which is arrays of integers and strings. An answer of another shape is a fault of ours. */
export type Reply = readonly unknown[];

export function listIn(value: unknown): Reply {
  if (!Array.isArray(value)) throw new TypeError('a script of the quota store answered in another shape');
  return value;
}

export function numberIn(value: unknown): number {
  if (typeof value !== 'number') throw new TypeError('a script of the quota store answered without a number');
  return value;
}

export function textIn(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return value.toString();
  throw new TypeError('a script of the quota store answered without a text');
}

/** Redis' code of an error that it replied with, e.g. `LOADING`; `undefined`: not a reply of Redis. */
export function errorCodeIn(error: unknown): string | undefined {
  return error instanceof Error ? /^[A-Z]{3,}(?= )/.exec(error.message)?.[0] : undefined;
}
