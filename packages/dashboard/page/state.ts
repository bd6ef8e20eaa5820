import { useEffect, useState } from 'preact/hooks';
import { ApiError, get } from './api.js';

/** Between two questions where no change was reported, in ms. */
const pollMs = 15_000;
/** A burst of changes leads to one question after this time, and to two more: the ledger is a moment behind. */
const settleMs = 400;
const soonMs = 2_000;

export type ChangeKind = 'usage' | 'refusals' | 'incidents' | 'switch';

type Listener = (kinds: ReadonlySet<string>) => void;
const listeners = new Set<Listener>();
let source: EventSource | undefined;

/** Tells the parts of the page which figures have changed, also by the page itself. */
export function changed(...kinds: ChangeKind[]): void {
  const all = new Set<string>(kinds);
  for (const listener of [...listeners]) listener(all);
}

/** Listens to the server's changes; without them, the page asks now and then. */
export function connect(): void {
  if (source || typeof EventSource === 'undefined') return;
  source = new EventSource('api/events');
  source.addEventListener('changed', (event) => {
    const kinds: unknown = JSON.parse((event as MessageEvent<string>).data);
    if (Array.isArray(kinds)) changed(...(kinds as ChangeKind[]));
  });
}

export function disconnect(): void {
  source?.close();
  source = undefined;
}

let awaited = 0;

/** Tells screen readers, and tests, that parts of the page have no figures yet. */
function waits(by: 1 | -1): void {
  awaited += by;
  document.getElementById('app')?.setAttribute('aria-busy', String(awaited > 0));
}

export interface Loaded<Answer> {
  readonly data: Answer | undefined;
  readonly error: ApiError | Error | undefined;
  readonly reload: () => void;
}

/** Called where an answer says that the session has ended. */
let onLoggedOut: () => void = () => undefined;
export function whenLoggedOut(act: () => void): void {
  onLoggedOut = act;
}

/** What the API answers to a path: asked again on changes of these kinds and now and then. The last answer stays while the next is awaited. */
export function useData<Answer>(path: string | undefined, ...kinds: ChangeKind[]): Loaded<Answer> {
  const [state, set] = useState<{ path?: string | undefined; data?: Answer; error?: Error }>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (path === undefined) return undefined;
    const stop = new AbortController();
    let next: ReturnType<typeof setTimeout> | undefined;
    let soon = 0;
    let isFirst = true;
    const answered = (): void => {
      if (isFirst) waits(-1);
      isFirst = false;
    };
    waits(1);
    const ask = async (): Promise<void> => {
      clearTimeout(next);
      try {
        const data = await get<Answer>(path, stop.signal);
        if (stop.signal.aborted) return;
        set({ path, data });
        answered();
      } catch (error) {
        if (stop.signal.aborted) return;
        answered();
        if (error instanceof ApiError && error.status === 401) onLoggedOut();
        set((before) => ({
          ...before,
          path,
          error: error instanceof Error ? error : new Error(String(error)),
        }));
      }
      soon = Math.max(0, soon - 1);
      next = setTimeout(() => void ask(), soon > 0 ? soonMs : pollMs);
    };
    const listener: Listener = (happened) => {
      if (!kinds.some((kind) => happened.has(kind))) return;
      // While changes keep coming, the question that is due is asked all the same.
      if (soon < 3) {
        clearTimeout(next);
        next = setTimeout(() => void ask(), settleMs);
      }
      soon = 3;
    };
    listeners.add(listener);
    void ask();
    return () => {
      stop.abort();
      answered();
      clearTimeout(next);
      listeners.delete(listener);
    };
  }, [path, turn, kinds.join()]);
  const isCurrent = state.path === path;
  return {
    data: isCurrent ? state.data : undefined,
    error: isCurrent ? state.error : undefined,
    reload: () => setTurn((before) => before + 1),
  };
}

/** The page that the address names, and its own parameters: `#/usage?by=model`. */
export interface Place {
  readonly page: string;
  readonly params: URLSearchParams;
}

function placeNow(): Place {
  const [page = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return { page: page || 'now', params: new URLSearchParams(query) };
}

export function usePlace(): Place {
  const [place, set] = useState(placeNow);
  useEffect(() => {
    const listener = (): void => set(placeNow());
    addEventListener('hashchange', listener);
    return () => removeEventListener('hashchange', listener);
  }, []);
  return place;
}

/** Changes parameters of the page that is shown; it stays one step in the browser's history. */
export function setParams(values: Readonly<Record<string, string | undefined>>): void {
  const { page, params } = placeNow();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === '') params.delete(name);
    else params.set(name, value);
  }
  const query = params.toString();
  location.hash = `#/${page}${query === '' ? '' : `?${query}`}`;
}

const kept = (name: string): string | null => {
  try {
    return localStorage.getItem(`tollgate.${name}`);
  } catch {
    return null; // storage is switched off
  }
};

/** A preference of this browser. */
export function usePreference(name: string, otherwise: string): [string, (value: string) => void] {
  const [value, set] = useState(kept(name) ?? otherwise);
  return [
    value,
    (next) => {
      set(next);
      try {
        localStorage.setItem(`tollgate.${name}`, next);
      } catch {
        // It holds until the page is left.
      }
    },
  ];
}
