import { findProvider } from '@pydantic/genai-prices';
import type { ErrorFormat } from '@tollgate/core/internal';

/** A provider's API that costs money: calls to its hosts are metered, known to be free, or refused. */
export interface ProviderHost {
  /** As the price catalogue names it, else the provider's own name. */
  readonly provider: string;
  /** In whose shape its clients expect errors; `plain`: a `message` and a `detail`. */
  readonly errors: Exclude<ErrorFormat, 'problem'> | 'plain';
}

const openai = (provider: string): ProviderHost => ({ provider, errors: 'openai' });
const plain = (provider: string): ProviderHost => ({ provider, errors: 'plain' });
const anthropic: ProviderHost = { provider: 'anthropic', errors: 'anthropic' };
const google: ProviderHost = { provider: 'google', errors: 'gemini' };

/** By the end of the host. From the API references of the providers, 2026-11. */
const hosts: readonly (readonly [end: string, host: ProviderHost])[] = [
  ['api.openai.com', openai('openai')],
  ['api.anthropic.com', anthropic],
  ['generativelanguage.googleapis.com', google],
  ['aiplatform.googleapis.com', google],
  ['openai.azure.com', openai('azure')],
  ['cognitiveservices.azure.com', openai('azure')],
  ['services.ai.azure.com', openai('azure')],
  ['api.mistral.ai', openai('mistral')],
  ['codestral.mistral.ai', openai('mistral')],
  ['api.deepseek.com', openai('deepseek')],
  ['api.groq.com', openai('groq')],
  ['api.x.ai', openai('x-ai')],
  ['openrouter.ai', openai('openrouter')],
  ['api.together.xyz', openai('together')],
  ['api.together.ai', openai('together')],
  ['api.fireworks.ai', openai('fireworks')],
  ['api.cerebras.ai', openai('cerebras')],
  ['api.perplexity.ai', openai('perplexity')],
  ['api.cohere.com', plain('cohere')],
  ['api.cohere.ai', plain('cohere')],
  ['api.moonshot.ai', openai('moonshotai')],
  ['api.moonshot.cn', openai('moonshotai')],
  ['ai-gateway.vercel.sh', openai('vercel')],
  ['router.huggingface.co', openai('huggingface')],
  ['api-inference.huggingface.co', openai('huggingface')],
  ['api.voyageai.com', plain('voyageai')],
  ['ai.mongodb.com', plain('voyageai')],
  ['api.jina.ai', plain('jina')],
  ['r.jina.ai', plain('jina')],
  ['s.jina.ai', plain('jina')],
  ['fal.run', plain('fal')],
  ['fal.ai', plain('fal')],
  ['api.replicate.com', plain('replicate')],
  ['api.elevenlabs.io', plain('elevenlabs')],
  ['api.deepgram.com', plain('deepgram')],
];

/** `bedrock-runtime.eu-central-1.amazonaws.com`, `bedrock-mantle.us-east-1.api.aws`, with FIPS and VPC endpoints. */
const bedrock =
  /(?:^|\.)bedrock(?:-agent)?-(?:runtime|mantle)(?:-fips)?\.[a-z0-9-]+\.(?:vpce\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws)$/;

/** By the names of the catalogue, for hosts that the app declares. */
const byName = new Map(hosts.map(([, host]) => [host.provider, host]));

/** Base URLs that the app declares, by the provider whose API is there. */
export type BaseUrls = Readonly<Record<string, string>>;

/** The provider of an absolute URL; `undefined`: neither the catalogue nor the app declares one. */
export function providerHostOf(url: string, baseUrls: BaseUrls = {}): ProviderHost | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname, href } = new URL(url);
  for (const [base, name] of Object.entries(baseUrls)) {
    const begins = new URL(base).href.replace(/\/+$/, '');
    if (href.startsWith(begins) && /^(?:$|[/?#])/.test(href.slice(begins.length))) {
      return byName.get(name) ?? openai(name);
    }
  }
  // A name with a trailing dot is the same host.
  const host = hostname.replace(/\.+$/, '');
  const known = hosts.find(([end]) => host === end || host.endsWith(`.${end}`) || isRegional(host, end));
  if (known) return known[1];
  if (bedrock.test(host)) return plain('aws');
  return catalogued(host, new URL(url).pathname);
}

/** `europe-west4-aiplatform.googleapis.com`. */
const isRegional = (host: string, end: string): boolean =>
  end === 'aiplatform.googleapis.com' && host.endsWith(`-${end}`);

/** Each look-up matches forty URL patterns: cached, and bounded, since clients may choose the part after the host. */
const remembered = new Map<string, ProviderHost | undefined>();
const mostRemembered = 1_000;

function catalogued(host: string, path: string): ProviderHost | undefined {
  const key = host + path.slice(0, 160);
  if (remembered.has(key)) return remembered.get(key);
  const at = (name: string): string | undefined =>
    findProvider({ providerApiUrl: `https://${name}${path.slice(0, 160)}` })?.id;
  const named = at(host);
  // Patterns are not anchored behind the host, and Google's fit hosts of all its services.
  const isOwn =
    named !== undefined && named !== 'google' && at(host.slice(0, host.lastIndexOf('.'))) !== named;
  const found = isOwn ? openai(named) : undefined;
  if (remembered.size >= mostRemembered) remembered.clear();
  remembered.set(key, found);
  return found;
}
