import { accepts, checkOptions, type OptionChecks, type WireApi } from '@tollgate/core/internal';
import { formatOf } from '@tollgate/wire';
import { type Provider, type ProviderOptions, type ProviderPaths, provider } from './provider.js';
import { headersCheck } from './provider-checks.js';

/** Options of the built-in shapes: a key, and all differences from the provider's public service. */
export interface ShapeOptions
  extends Pick<
    ProviderOptions,
    'apiKeys' | 'headers' | 'passHeaders' | 'models' | 'timeouts' | 'maxConnections' | 'deployments' | 'abort'
  > {
  /** The app's own key at the provider; this or `apiKeys`. */
  apiKey?: string | undefined;
  /** As in the official SDK. */
  baseUrl?: string | undefined;
  /** Name as in the price catalogue. */
  name?: string | undefined;
}

/** Options of {@link azureOpenAI}. */
export interface AzureOpenAIOptions extends ShapeOptions {
  /** The resource: `https://<name>.openai.azure.com`. */
  baseUrl: string;
  /** `api-version` of every request, e.g. `2024-10-21`. */
  apiVersion: string;
}

/** Options of {@link openAiCompatible}. */
export interface OpenAiCompatibleOptions extends ShapeOptions {
  /** Name as in the price catalogue: `groq`, `mistral`, `together`, … */
  name: string;
  /** Including the version, e.g. `http://127.0.0.1:11434/v1`. */
  baseUrl: string;
  /** The APIs that it supports. @defaultValue ['openai-chat', 'openai-embeddings'] */
  apis?: readonly ('openai-chat' | 'openai-responses' | 'openai-embeddings')[];
}

// Values are checked by provider(); here only the names, so that a misspelt option names the factory that was called.
const names: OptionChecks<ShapeOptions> = Object.freeze({
  apiKey: accepts.anything,
  apiKeys: accepts.anything,
  baseUrl: accepts.anything,
  name: accepts.anything,
  headers: accepts.anything,
  passHeaders: accepts.anything,
  models: accepts.anything,
  deployments: accepts.anything,
  timeouts: accepts.anything,
  maxConnections: accepts.anything,
  abort: accepts.anything,
});

const { name: _, ...others } = names;
/** The names of options that {@link openAiCompatible} takes beside those that a narrower shape sets itself. */
export const unnamed: Omit<OptionChecks<ShapeOptions>, 'name'> = others;

/** The paths of formats as the providers that define them have them. */
const pathsOf = (...apis: readonly WireApi[]): ProviderPaths =>
  Object.fromEntries(apis.map((api) => [api, formatOf(api).path]));

const openAiApis = ['openai-chat', 'openai-responses', 'openai-embeddings'] as const;

/** OpenAI: chat completions, responses, embeddings. Base URL `https://api.openai.com/v1`. */
export function openai(options: ShapeOptions): Provider {
  checkOptions<ShapeOptions>('openai', options, names);
  checkKeyed('openai', options);
  return provider({
    name: 'openai',
    baseUrl: 'https://api.openai.com/v1',
    paths: { ...pathsOf(...openAiApis), models: '/models' },
    ...given(options),
  });
}

/** Anthropic: messages. Base URL `https://api.anthropic.com`, without `/v1`; sends `anthropic-version: 2023-06-01`. */
export function anthropic(options: ShapeOptions): Provider {
  checkOptions<ShapeOptions>('anthropic', options, { ...names, headers: headersCheck });
  checkKeyed('anthropic', options);
  return provider({
    name: 'anthropic',
    baseUrl: 'https://api.anthropic.com',
    paths: { ...pathsOf('anthropic-messages'), models: '/v1/models' },
    apiKeyHeader: 'x-api-key',
    ...given(options),
    headers: { 'anthropic-version': '2023-06-01', ...options.headers },
  });
}

/** Gemini: `generateContent` and `streamGenerateContent`. Base URL `https://generativelanguage.googleapis.com`. */
export function gemini(options: ShapeOptions): Provider {
  checkOptions<ShapeOptions>('gemini', options, names);
  checkKeyed('gemini', options);
  return provider({
    name: 'google',
    baseUrl: 'https://generativelanguage.googleapis.com',
    paths: { ...pathsOf('gemini-generate'), models: '/v1beta/models' },
    apiKeyHeader: 'x-goog-api-key',
    ...given(options),
  });
}

/** Azure OpenAI: chat completions and embeddings of deployments; `deployments` names the deployment of a model. */
export function azureOpenAI(options: AzureOpenAIOptions): Provider {
  checkOptions<AzureOpenAIOptions>('azureOpenAI', options, { ...names, apiVersion: accepts.string }, [
    'baseUrl',
    'apiVersion',
  ]);
  checkKeyed('azureOpenAI', options);
  const { apiVersion, ...rest } = options;
  return provider({
    name: 'azure',
    paths: {
      'openai-chat': '/openai/deployments/{model}/chat/completions',
      'openai-embeddings': '/openai/deployments/{model}/embeddings',
    },
    query: { 'api-version': apiVersion },
    apiKeyHeader: 'api-key',
    ...given(rest),
    baseUrl: options.baseUrl,
  });
}

/** Any server with OpenAI's APIs: a local model server, or one of the many services that adopted them. */
export function openAiCompatible(options: OpenAiCompatibleOptions): Provider {
  checkOptions<OpenAiCompatibleOptions>(
    'openAiCompatible',
    options,
    {
      ...names,
      apis: accepts.someOf(accepts.oneOf(...openAiApis)),
    },
    ['name', 'baseUrl'],
  );
  const { apis = ['openai-chat', 'openai-embeddings'], ...rest } = options;
  return provider({ paths: { ...pathsOf(...apis), models: '/models' }, ...rest });
}

function checkKeyed(factory: string, { apiKey, apiKeys }: ShapeOptions): void {
  if (apiKey === undefined && apiKeys === undefined) throw new TypeError(`${factory}: "apiKey" is required`);
}

/** Options that are there: an explicit `undefined` must not hide a default. */
function given<Options extends object>(options: Options): Given<Options> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<Options>;
}

type Given<Options> = { [Name in keyof Options]: Exclude<Options[Name], undefined> };
