import { findProvider } from '@pydantic/genai-prices';
import { type OutgoingRequest, warnOnce } from '@tollgate/core/internal';
import { formatOf, type Route } from '@tollgate/wire';

/** Providers by the ends of their hosts, as the price catalogue names them. */
const hosts: readonly (readonly [host: string, provider: string])[] = [
  ['api.openai.com', 'openai'],
  ['api.anthropic.com', 'anthropic'],
  ['googleapis.com', 'google'],
  ['openai.azure.com', 'azure'],
  ['cognitiveservices.azure.com', 'azure'],
  ['services.ai.azure.com', 'azure'],
  ['api.mistral.ai', 'mistral'],
  ['api.deepseek.com', 'deepseek'],
  ['api.groq.com', 'groq'],
  ['api.x.ai', 'x-ai'],
  ['openrouter.ai', 'openrouter'],
  ['api.together.xyz', 'together'],
  ['api.fireworks.ai', 'fireworks'],
  ['api.cerebras.ai', 'cerebras'],
  ['api.perplexity.ai', 'perplexity'],
  ['api.cohere.com', 'cohere'],
  ['api.moonshot.ai', 'moonshotai'],
];

/** Provider settings of the app. */
export interface OwnProviders {
  /** For requests whose URL and format do not determine it. */
  readonly provider?: string | undefined;
  /** By base URL. */
  readonly baseUrls?: Readonly<Record<string, string>> | undefined;
}

/** Whose call it is. */
export type ProviderFinder = (outgoing: OutgoingRequest, match: Route) => string;

/**
 * Finds a call's provider: set by the transport, else by the app's base URLs, by host, by the catalogue's patterns of URLs, by path, else
 * the app's default, else the wire format's owner; the last causes a warning where the host is a public one.
 */
export function providerFinder({ provider, baseUrls = {} }: OwnProviders): ProviderFinder {
  const declared = Object.entries(baseUrls).map(([url, name]) => [baseOf(url), name] as const);
  // The longest first: a gateway may serve several providers below one host.
  declared.sort(([a], [b]) => b.length - a.length);
  return (outgoing, match) => {
    if (outgoing.provider !== undefined) return outgoing.provider;
    const { url } = outgoing;
    const host = hostOf(url);
    const known =
      host === '' ? undefined : (declaredOf(declared, url) ?? knownOf(host) ?? catalogued(host, url));
    if (known !== undefined) return known;
    if (match.azure) return 'azure';
    const owner = ownerOf(match, provider);
    if (host !== '' && provider === undefined && !isLocal.test(host)) warnOfHost(host, owner);
    return owner;
  };
}

/** A base URL as URLs begin that are below it. */
function baseOf(url: string): string {
  return new URL(url).href.replace(/\/+$/, '');
}

function declaredOf(
  declared: readonly (readonly [base: string, name: string])[],
  url: string,
): string | undefined {
  if (declared.length === 0 || !URL.canParse(url)) return undefined;
  const { href } = new URL(url);
  return declared.find(
    ([base]) => href.startsWith(base) && /^(?:$|[/?#])/.test(href.slice(base.length)),
  )?.[1];
}

function knownOf(host: string): string | undefined {
  return hosts.find(([end]) => host === end || host.endsWith(`.${end}`))?.[1];
}

/** Each URL is matched against forty patterns; some distinguish providers by the path. */
const maxRemembered = 1_000;
const remembered = new Map<string, string | undefined>();

function catalogued(host: string, url: string): string | undefined {
  const path = /^\w+:\/\/[^/?#]*(\/[^?#]{0,160})?/.exec(url)?.[1] ?? '';
  const key = host + path;
  if (remembered.has(key)) return remembered.get(key);
  const at = (name: string): string | undefined =>
    findProvider({ providerApiUrl: `https://${name}${path}` })?.id;
  const named = at(host);
  // The patterns are not anchored after the host: if `api.openai.com.example` also matches without its last label, it is another host.
  const found = named !== undefined && at(host.slice(0, host.lastIndexOf('.'))) !== named ? named : undefined;
  if (remembered.size >= maxRemembered) remembered.clear();
  remembered.set(key, found);
  return found;
}

function ownerOf({ api }: Route, provider: string | undefined): string {
  const { owner } = formatOf(api);
  return owner === 'openai' ? (provider ?? owner) : owner;
}

/** Simulated providers, and gateways on the same machine. */
const isLocal = /^(?:localhost|127(?:\.\d+){3}|\[::1\]|::1)$/;

function warnOfHost(host: string, owner: string): void {
  warnOnce(
    'TOLLGATE_W_UNKNOWN_HOST',
    `meter(): unknown host ${host}: its calls are priced and recorded as those of ${owner}. Set meter({ baseUrls: { 'https://${host}/v1': '${owner}' } }) to name its provider`,
  );
}

function hostOf(url: string): string {
  const scheme = url.indexOf('://');
  if (scheme === -1) return '';
  const rest = url.slice(scheme + 3, scheme + 300);
  const end = rest.search(/[/?#]/);
  const authority = (end === -1 ? rest : rest.slice(0, end)).toLowerCase();
  return authority.slice(authority.lastIndexOf('@') + 1).split(':')[0] ?? '';
}
