import { routeOf } from './route-of.js';
import { pathOf } from './url-path.js';

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
  if (routeOf(url, method)) return undefined;
  if (at !== -1 && costly.includes(first)) return first;
  if (at !== -1 && first === 'responses' && second === 'compact') return 'responses/compact';
  if (at !== -1 && first === 'messages' && second === 'batches') return 'messages/batches';
  if (at !== -1 && first === 'deployments') return third || first;
  const colon = path.lastIndexOf(':');
  if (colon === -1 || !/\/(?:tuned)?models\/[^/]*$/.test(path.slice(0, colon))) return undefined;
  const action = path.slice(colon + 1);
  return freeActions.includes(action) ? undefined : action;
}
