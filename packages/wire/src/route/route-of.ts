import type { WireApi } from '@tollgate/core/internal';
import { formatOf, wireApis } from '../formats.js';
import { pathOf } from './url-path.js';

/** What a URL states about the call that is sent to it. */
export interface Route {
  readonly api: WireApi;
  /** Azure's deployment or Gemini's model, where it is part of the path. */
  readonly model?: string | undefined;
  /** Gemini's path determines whether the response is a stream. */
  readonly stream?: boolean | undefined;
  /** The path is Azure's. */
  readonly azure?: boolean | undefined;
  /** The model is one of Gemini's tuned ones, in a collection of its own. */
  readonly tuned?: boolean | undefined;
}

/** How much of a path must be seen, from the most to the least. */
const trust = ['anywhere', 'provider', 'proxy'] as const;
type Trust = (typeof trust)[number];

const formats = wireApis.map(formatOf);

/** How {@link routeOf} reads a URL. */
export interface RouteOptions {
  /** The app has mounted a proxy on it, so it is a provider's API whatever its base. @defaultValue false */
  readonly isProxied?: boolean;
}

/**
 * Recognises the call of a model by its method and URL, on any base, as Express would route it: whatever the case, with a trailing slash,
 * percent-encoded. `undefined`: it is none of a known format. The path of an app's own route must carry a version where its last words are
 * ordinary ones (`/v1/messages`, not `/messages`); an absolute URL, or the route of a proxy, need not.
 */
export function routeOf(
  url: string,
  method: string,
  { isProxied = false }: RouteOptions = {},
): Route | undefined {
  if (method !== 'POST' && method.toUpperCase() !== 'POST') return undefined;
  const given: Trust = isProxied ? 'proxy' : url.startsWith('/') ? 'anywhere' : 'provider';
  const remembered = recognised[given];
  const known = remembered.get(url);
  if (known) return known;
  const route = recognise(url, given);
  if (route && url.length <= longestRemembered) {
    if (remembered.size >= mostRemembered) remembered.clear();
    remembered.set(url, route);
  }
  return route;
}

/** Whether a request asks for a provider's list of models. */
export const isModelList = (url: string, method: string): boolean =>
  method.toUpperCase() === 'GET' && pathOf(url).toLowerCase().replace(/\/+$/, '').endsWith('/models');

/** An app has few of these, but clients write them. */
const recognised: Readonly<Record<Trust, Map<string, Route>>> = {
  anywhere: new Map(),
  provider: new Map(),
  proxy: new Map(),
};
const mostRemembered = 256;
const longestRemembered = 256;

function recognise(url: string, given: Trust): Route | undefined {
  const exact = pathOf(url);
  const path = exact.toLowerCase();
  // A colon may also be part of the base: `/projects/p:1/chat/completions`.
  const special = actionRoute(exact, path) ?? azureRoute(exact, path);
  if (special) return special;
  if (isMessageOfThread(path)) return undefined;
  const found = formats.find(({ pathRule }) => {
    if (!pathRule || !path.endsWith(pathRule.end)) return false;
    const isEnough = trust.indexOf(given) >= trust.indexOf(pathRule.enough);
    return isEnough || pathRule.below.some((words) => path.endsWith(words + pathRule.end));
  });
  return found && { api: found.api };
}

/** A message of OpenAI's assistants, not one of Anthropic's. */
const isMessageOfThread = (path: string): boolean => /\/threads\/[^/]+\/messages$/.test(path);

/** A path that ends with a model and an action, as Gemini's. */
function actionRoute(exact: string, path: string): Route | undefined {
  const colon = path.lastIndexOf(':');
  if (colon === -1) return undefined;
  const action = path.slice(colon + 1);
  const format = formats.find(({ actions }) => actions && Object.hasOwn(actions, action));
  const before = path.lastIndexOf('/', colon);
  const parent = path.slice(path.lastIndexOf('/', before - 1) + 1, before);
  if (!format || (parent !== 'models' && parent !== 'tunedmodels')) return undefined;
  const tuned = parent === 'tunedmodels';
  const model = exact.slice(before + 1, colon);
  return { api: format.api, model, stream: format.actions?.[action]?.stream, ...(tuned && { tuned }) };
}

function azureRoute(exact: string, path: string): Route | undefined {
  const marker = '/deployments/';
  const at = path.indexOf(marker);
  if (at === -1) return undefined;
  const start = at + marker.length;
  const rest = path.slice(start);
  const slash = rest.indexOf('/');
  const format = formats.find(
    ({ azurePath }) => azurePath !== undefined && azurePath === rest.slice(slash + 1),
  );
  return format && slash > 0
    ? { api: format.api, model: exact.slice(start, start + slash), azure: true }
    : undefined;
}
