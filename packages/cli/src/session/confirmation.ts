/** The processes that follow a change. */
export interface Confirmation {
  readonly json: { readonly store: string; readonly confirmed_by: readonly string[] };
  readonly text: string;
}

/** Which processes confirmed a change, as a sentence; `otherwise` ends it where none has. */
export function confirmation(store: string, readers: readonly string[], otherwise = ''): Confirmation {
  const json = { store, confirmed_by: readers };
  if (readers.length === 0) return { json, text: `written to ${store}; ${otherwise}` };
  const names = readers.length === 1 ? 'process' : `${readers.length} processes:`;
  return { json, text: `in ${store}; confirmed by ${names} ${readers.join(', ')}` };
}

/** What a process takes from a database, by kind of change. */
export const sources = {
  keys: 'takes its keys',
  limits: 'takes its limits',
  children: 'takes the revocations of child credentials',
};

/** Why a change may have no effect. */
export function unconfirmed(place: string, of: keyof typeof sources, withinMs: number): string {
  return `written to ${place}, but no running process that ${sources[of]} from there has confirmed it within ${withinMs / 1_000} s. Either no app runs, or it ${sources[of]} from elsewhere: the environment, a file, another database (--database-url) or schema (--schema). With --no-wait the command does not wait.`;
}
