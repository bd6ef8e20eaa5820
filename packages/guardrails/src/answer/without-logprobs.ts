/** Members that repeat a response token by token, so that text redacted elsewhere could be read there. */
const repeated = new Set(['logprobs', 'logprobsResult', 'top_logprobs']);

/** Empties them everywhere in a response or an event; returns whether there were any. */
export function withoutLogprobs(value: unknown): boolean {
  let found = false;
  const stack: unknown[] = [value];
  for (let one = stack.pop(); one !== undefined; one = stack.pop()) {
    if (typeof one !== 'object' || one === null) continue;
    const members = one as Record<string, unknown>;
    for (const name of Object.keys(members)) {
      const below = members[name];
      if (typeof below !== 'object' || below === null) continue;
      if (repeated.has(name)) {
        members[name] = Array.isArray(below) ? [] : null;
        found = true;
      } else stack.push(below);
    }
  }
  return found;
}
