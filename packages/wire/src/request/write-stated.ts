import type { OutgoingBody } from './outgoing-body.js';

/** Writes a cap into the fields that state one, or into the first where none does. */
export function writeStated(body: OutgoingBody, names: readonly string[], cap: number): void {
  const stated = names.filter((name) => typeof body.get(name) === 'number');
  const [first] = names;
  if (stated.length === 0 && first !== undefined) body.set(first, cap);
  for (const name of stated) body.set(name, cap);
}
