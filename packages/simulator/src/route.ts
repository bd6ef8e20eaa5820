/** The APIs of the provider. */
export type Api =
  | 'openai-chat'
  | 'openai-responses'
  | 'openai-embeddings'
  | 'anthropic-messages'
  | 'gemini'
  | 'azure-openai'
  | 'azure-embeddings'
  | 'models'
  | 'unknown';

/** Whose error bodies and headers an API uses. */
export type Family = 'openai' | 'anthropic' | 'gemini' | 'azure';

/** The route of a request. */
export interface Route {
  api: Api;
  family: Family;
  method: 'GET' | 'POST';
  pathModel?: string;
  pathStream?: boolean;
}

const post = (api: Api, family: Family): Route => ({ api, family, method: 'POST' });

const FIXED: ReadonlyMap<string, Route> = new Map([
  ['/v1/chat/completions', post('openai-chat', 'openai')],
  ['/v1/responses', post('openai-responses', 'openai')],
  ['/v1/embeddings', post('openai-embeddings', 'openai')],
  ['/v1/messages', post('anthropic-messages', 'anthropic')],
  ['/v1/models', { api: 'models', family: 'openai', method: 'GET' }],
  ['/openai/v1/chat/completions', post('azure-openai', 'azure')],
  ['/openai/v1/embeddings', post('azure-embeddings', 'azure')],
  ['/openai/v1/responses', post('openai-responses', 'azure')],
]);

const GEMINI = /^\/v1(?:beta)?\/models\/([^/]+):(generateContent|streamGenerateContent)$/;
const AZURE = /^\/openai\/deployments\/([^/]+)\/(chat\/completions|embeddings)$/;

/** The route of a path without its query. A path that no provider serves is `unknown`. */
export function routeOf(path: string): Route {
  const fixed = FIXED.get(path);
  if (fixed) return fixed;
  const gemini = GEMINI.exec(path);
  if (gemini?.[1] !== undefined) {
    return {
      ...post('gemini', 'gemini'),
      pathModel: decodeURIComponent(gemini[1]),
      pathStream: gemini[2] === 'streamGenerateContent',
    };
  }
  const azure = AZURE.exec(path);
  if (azure?.[1] !== undefined) {
    return {
      ...post(azure[2] === 'embeddings' ? 'azure-embeddings' : 'azure-openai', 'azure'),
      pathModel: decodeURIComponent(azure[1]),
    };
  }
  return { api: 'unknown', family: 'openai', method: 'POST' };
}
