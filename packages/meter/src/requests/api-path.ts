import type { WireApi } from '@tollgate/core/internal';

/** The facts about a call in its URL. */
export interface ApiMatch {
  readonly api: WireApi;
  /** Azure's deployment or Gemini's model, where it is part of the path. */
  readonly model?: string | undefined;
  /** Gemini's path determines whether the response is a stream. */
  readonly stream?: boolean | undefined;
  /** The path is Azure's. */
  readonly azure?: boolean | undefined;
}

/** Routes that are recognised only below one of these, since their last words alone are ambiguous. */
const versionedOnly: readonly (readonly [suffix: string, api: WireApi])[] = [
  ['/v1/messages', 'anthropic-messages'],
  ['/v1/responses', 'openai-responses'],
  ['/v1/embeddings', 'openai-embeddings'],
  ['/openai/responses', 'openai-responses'],
];

/** The same routes on a provider's base URL that has no version in it. */
const anyBase: readonly (readonly [suffix: string, api: WireApi])[] = [
  ['/responses', 'openai-responses'],
  ['/embeddings', 'openai-embeddings'],
];

const azureOperations: Readonly<Record<string, WireApi>> = {
  'chat/completions': 'openai-chat',
  embeddings: 'openai-embeddings',
  responses: 'openai-responses',
};

/**
 * Recognises the wire format of a request by its path, on any base, as Express would route it: whatever the case, with a
 * trailing slash, percent-encoded. A path alone (`/v1/messages`) must carry its version; an absolute URL need not.
 */
export function apiOf(url: string, method: string): ApiMatch | undefined {
  if (method !== 'POST' && method.toUpperCase() !== 'POST') return undefined;
  const known = recognised.get(url);
  if (known) return known;
  const match = recognise(url);
  if (match && url.length <= longestRemembered) {
    if (recognised.size >= mostRemembered) recognised.clear();
    recognised.set(url, match);
  }
  return match;
}

/** An app has few of these, but clients write them. */
const recognised = new Map<string, ApiMatch>();
const mostRemembered = 256;
const longestRemembered = 256;

function recognise(url: string): ApiMatch | undefined {
  const exact = pathOf(url);
  const path = exact.toLowerCase();
  if (path.includes(':')) return geminiMatch(exact, path);
  const azure = azureMatch(exact, path);
  if (azure) return azure;
  if (path.endsWith('/chat/completions')) return { api: 'openai-chat' };
  const found = versionedOnly.find(([suffix]) => path.endsWith(suffix));
  if (found) return { api: found[1] };
  if (path.length === 0 || url.startsWith('/')) return undefined;
  const unversioned = anyBase.find(([suffix]) => path.endsWith(suffix));
  return unversioned && { api: unversioned[1] };
}

function geminiMatch(exact: string, path: string): ApiMatch | undefined {
  const colon = path.lastIndexOf(':');
  const action = path.slice(colon + 1);
  if (action !== 'generatecontent' && action !== 'streamgeneratecontent') return undefined;
  const before = path.lastIndexOf('/', colon);
  const parent = path.slice(path.lastIndexOf('/', before - 1) + 1, before);
  if (parent !== 'models' && parent !== 'tunedmodels') return undefined;
  return {
    api: 'gemini-generate',
    model: exact.slice(before + 1, colon),
    stream: action === 'streamgeneratecontent',
  };
}

function azureMatch(exact: string, path: string): ApiMatch | undefined {
  const marker = '/deployments/';
  const at = path.indexOf(marker);
  if (at === -1) return undefined;
  const rest = path.slice(at + marker.length);
  const slash = rest.indexOf('/');
  const operation = slash === -1 ? '' : rest.slice(slash + 1);
  const api = Object.hasOwn(azureOperations, operation) ? azureOperations[operation] : undefined;
  const start = at + marker.length;
  return api && { api, model: exact.slice(start, start + slash), azure: true };
}

/**
 * Routes of the providers that cost money, or lead to costs, and that are not metered. Their first word after the version; the rest does
 * not matter.
 */
const costly: readonly string[] = [
  'assistants',
  'audio',
  'batches',
  'batchjobs',
  'cachedcontents',
  'chatkit',
  'completions',
  'containers',
  'conversations',
  'complete',
  'evals',
  'files',
  'fine_tuning',
  'fine-tunes',
  'images',
  'interactions',
  'moderations',
  'realtime',
  'skills',
  'threads',
  'uploads',
  'vector_stores',
  'videos',
];

const versions: readonly string[] = ['v1', 'v1beta', 'v1alpha', 'openai', 'upload'];

/** Model actions of Gemini that are free of charge. */
const freeActions: readonly string[] = ['counttokens', 'computetokens'];

/**
 * The name of a provider's route that costs money and is not metered, such as `batches` or `images`; `undefined` for all
 * others. Reading (GET, HEAD, DELETE) is free, except for `realtime`, which is opened by a GET.
 */
export function unmeteredRouteOf(url: string, method: string): string | undefined {
  const verb = method.toUpperCase();
  const path = pathOf(url).toLowerCase();
  const words = path.split('/').filter((word) => word !== '');
  const at = words.findIndex((word) => versions.includes(word));
  const rest = at === -1 ? words : words.slice(at + 1).filter((word) => !versions.includes(word));
  const [first = '', second = '', third = ''] = rest;
  if (first === 'realtime') return first;
  if (verb !== 'POST' && verb !== 'PUT' && verb !== 'PATCH') return undefined;
  if (apiOf(url, method)) return undefined;
  if (at !== -1 && costly.includes(first)) return first;
  if (at !== -1 && first === 'responses' && second === 'compact') return 'responses/compact';
  if (at !== -1 && first === 'messages' && second === 'batches') return 'messages/batches';
  if (at !== -1 && first === 'deployments') return third || first;
  const colon = path.lastIndexOf(':');
  if (colon === -1 || !/\/(?:tuned)?models\/[^/]*$/.test(path.slice(0, colon))) return undefined;
  const action = path.slice(colon + 1);
  return freeActions.includes(action) ? undefined : action;
}

/** The path of a URL, decoded, without its query, doubled or trailing slashes. Linear in the length of the URL. */
export function pathOf(url: string): string {
  const scheme = url.indexOf('://');
  const start = scheme === -1 ? 0 : url.indexOf('/', scheme + 3);
  if (start === -1) return '';
  const mark = url.slice(start).search(/[?#]/);
  const raw = mark === -1 ? url.slice(start) : url.slice(start, start + mark);
  const path = decoded(raw);
  if (path.startsWith('/') && !/\/\.?(?:\/|$)/.test(path)) return path;
  return path
    .split('/')
    .filter((part, index) => (part !== '' && part !== '.') || index === 0)
    .join('/');
}

function decoded(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
