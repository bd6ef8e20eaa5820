/** The scopes that both lists hold. */
export function sharedScopes(left: readonly string[], right: readonly string[]): string[] {
  return left.filter((scope) => right.includes(scope));
}

/** Patterns of exactly the models that both lists allow (`gpt-5*` matches any ending); `undefined` is every model. */
export function sharedModels(
  left: readonly string[] | undefined,
  right: readonly string[] | undefined,
): readonly string[] | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  const shared = left.flatMap((one) => right.flatMap((other) => sharedPattern(one, other) ?? []));
  return [...new Set(shared)];
}

/** The first permission that a child requests and its parent lacks; `undefined`: none. */
export function widerThan(
  parent: readonly string[] | undefined,
  asked: readonly string[],
  isWithin: (asked: string, allowed: string) => boolean,
): string | undefined {
  if (parent === undefined) return undefined;
  return asked.find((one) => !parent.some((allowed) => isWithin(one, allowed)));
}

/** Whether every model of one pattern is one of the other's. */
export function isModelWithin(asked: string, allowed: string): boolean {
  return sharedPattern(asked, allowed) === asked;
}

/** The narrower of two patterns where one contains the other; `undefined` where they have no model in common. */
function sharedPattern(one: string, other: string): string | undefined {
  if (one === other) return one;
  if (other.endsWith('*') && one.startsWith(other.slice(0, -1))) return one;
  if (one.endsWith('*') && other.startsWith(one.slice(0, -1))) return other;
  return undefined;
}
