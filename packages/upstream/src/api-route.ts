import type { WireApi } from '@tollgate/core/internal';

/** The route of a path. */
export interface ApiRoute {
  readonly api: WireApi | 'models';
  /** Gemini's model or Azure's deployment, decoded. */
  readonly model?: string | undefined;
  /** Gemini's path determines whether the response is a stream. */
  readonly stream?: boolean | undefined;
}

const operations: readonly (readonly [suffix: string, api: WireApi])[] = [
  ['/chat/completions', 'openai-chat'],
  ['/responses', 'openai-responses'],
  ['/embeddings', 'openai-embeddings'],
  ['/messages', 'anthropic-messages'],
];

/**
 * Recognises an API by the end of a path, on any mount, in any case, with or without a trailing slash, as Express routes it.
 * Nothing of the path is sent on, but for the model.
 */
export function routeOf(method: string, path: string): ApiRoute | undefined {
  const exact = decoded(path).replace(/\/+$/, '');
  const lower = exact.toLowerCase();
  if (method === 'GET') return lower.endsWith('/models') ? { api: 'models' } : undefined;
  if (method !== 'POST') return undefined;
  const action = /\/models\/([^/]+):(generatecontent|streamgeneratecontent)$/i.exec(exact);
  if (action) {
    return {
      api: 'gemini-generate',
      model: action[1],
      stream: action[2]?.toLowerCase() === 'streamgeneratecontent',
    };
  }
  const found = operations.find(([suffix]) => lower.endsWith(suffix));
  if (!found) return undefined;
  const deployment = /\/deployments\/([^/]+)\/(?:chat\/completions|embeddings)$/i.exec(exact);
  return { api: found[1], model: deployment?.[1] };
}

function decoded(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
