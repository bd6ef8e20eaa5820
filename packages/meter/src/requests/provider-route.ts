import { routeOf, unmeteredRouteOf } from '@tollgate/wire';
import { pathOf } from '@tollgate/wire/internal';
import { type BaseUrls, type ProviderHost, providerHostOf } from './provider-host.js';

/** The decision on a call that is sent through metered `fetch`. */
export type RouteDecision =
  /** A call in a metered format. */
  | { readonly kind: 'metered' }
  /** It costs nothing. */
  | { readonly kind: 'free'; readonly host: ProviderHost }
  /** It costs money, or may, and cannot be metered. `host`: absent where the host is unknown and its path is a provider's. */
  | { readonly kind: 'refused'; readonly route: string; readonly host: ProviderHost | undefined }
  /** The host is not known as a provider's. */
  | { readonly kind: 'unknown' };

/** Segments of a path that contain only a version. */
const versions: readonly string[] = [
  'v1',
  'v1beta',
  'v1beta1',
  'v1alpha',
  'v2',
  'v3',
  'openai',
  'upload',
  'api',
  'compatibility',
];

/** First words of routes that manage objects stored at a provider, count tokens, or issue credentials. */
const freeWords: readonly string[] = [
  'files',
  'uploads',
  'vector_stores',
  'tokenize',
  'detokenize',
  'tokenize-text',
  'count-tokens',
  'check-api-key',
  'keys',
  'auth',
  'oauth',
  'token',
  'organization',
  'organizations',
];

/** Last words of routes that end or count something. */
const freeEndings: readonly string[] = [
  'count_tokens',
  'input_tokens',
  'cancel',
  ':counttokens',
  ':computetokens',
  ':cancel',
];

/** Routes that are read (GET) and cost money, or open a connection that does. */
const paidReads: readonly string[] = ['realtime', 'listen', 'speak', 'read', 'agent', 'live', 'converse'];

/** Hosts of which every read costs money: a page is read, or the web searched. */
const paidHosts: readonly string[] = ['r.jina.ai', 's.jina.ai'];

/**
 * Decides by host and path whether a call is metered, free, refused, or none of a provider's. On hosts of providers everything that is not
 * known is refused, by its path.
 */
export function decideRoute(url: string, method: string, baseUrls?: BaseUrls): RouteDecision {
  const host = providerHostOf(url, baseUrls);
  const path = pathOf(url).toLowerCase();
  const isDeferred = /(?:^|\/)async\//.test(path);
  if (!(host && isDeferred) && routeOf(url, method)) return { kind: 'metered' };
  if (!host) {
    const route = unmeteredRouteOf(url, method);
    return route === undefined ? { kind: 'unknown' } : { kind: 'refused', route, host: undefined };
  }
  const words = path.split('/').filter((word) => word !== '');
  const route = words.filter((word) => !versions.includes(word));
  const refused: RouteDecision = { kind: 'refused', route: shownRoute(route), host };
  const verb = method.toUpperCase();
  if (verb === 'GET' || verb === 'HEAD' || verb === 'OPTIONS' || verb === 'DELETE') {
    const { hostname } = new URL(url);
    const isPaid = paidReads.includes(route[0] ?? '') || paidHosts.includes(hostname);
    return isPaid && verb !== 'OPTIONS' && verb !== 'DELETE' ? refused : { kind: 'free', host };
  }
  return isFree(route, host) ? { kind: 'free', host } : refused;
}

function isFree(route: readonly string[], { provider }: ProviderHost): boolean {
  const [first = '', , third = ''] = route;
  const last = route.at(-1) ?? '';
  if (freeEndings.some((ending) => (ending.startsWith(':') ? last.endsWith(ending) : last === ending)))
    return true;
  if (first === 'moderations') return provider === 'openai';
  // Searching a store is a use of a tool.
  if (first === 'vector_stores') return third !== 'search';
  if (!freeWords.includes(first)) return isStoredCompletion(route);
  return true;
}

/** `POST /v1/chat/completions/{id}` changes the labels of an answer that is stored. */
const isStoredCompletion = (route: readonly string[]): boolean =>
  route.length === 3 && route[0] === 'chat' && route[1] === 'completions';

/** As a message names it: without ids, and not longer than it takes. */
function shownRoute(route: readonly string[]): string {
  const shown = route.slice(0, 4).map((word) => (/^[a-z][a-z0-9_:.-]{0,39}$/.test(word) ? word : '…'));
  return shown.length === 0 ? '/' : shown.join('/');
}
