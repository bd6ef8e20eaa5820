import { accepts, describeValue, type OptionCheck, type OptionChecks } from '@tollgate/core/internal';
import { acceptsPrices, type PriceDeclarations } from '../prices/declared-price.js';
import { isDecimal } from '../prices/rate.js';

/** The highest cost of a server-side tool, declared by the app. */
export interface ToolDeclaration {
  /** Fee of one use, in dollars as decimal text. @defaultValue the catalogue's, or '0' where the provider charges none */
  usdPerUse?: string;
  /**
   * The most uses within one call. Written into the request where the wire format has a field for it and the client states
   * none; a larger number that the client states is refused. Positive integer. Absent: the client has to state one.
   */
  maxUses?: number;
  /** Tokens that one use adds to the input at most. Whole number. @defaultValue the model's context window */
  inputTokensPerUse?: number;
}

/** Upper bounds, in tokens, of input that is not in the body, or whose length in bytes is meaningless. */
export interface WorstCase {
  /** One image in the body. @defaultValue a constant per provider (OpenAI 25 000, gpt-4o-mini 50 000, Anthropic and Gemini 5 000) */
  image?: number;
  /** One image by URL. Absent: refused. */
  imageUrl?: number;
  /** One document (PDF) in the body. @defaultValue the model's context window */
  document?: number;
  /** One document by URL. Absent: refused. */
  documentUrl?: number;
  /** One sound or video in the body. @defaultValue the model's context window */
  audio?: number;
  /** One file that was uploaded before (`file_id`, `fileData`). Absent: refused. */
  file?: number;
  /** Tokens stored by the provider (`previous_response_id`, `conversation`, item references). Absent: refused. */
  conversation?: number;
  /** A prompt stored at the provider. Absent: refused. */
  storedPrompt?: number;
  /** Content cached at the provider earlier (`cachedContent`). Absent: refused. */
  cachedContent?: number;
}

/** How requests are read and estimated. */
export interface ParseOptions {
  /** Prices of the app's own, before the catalogue's: `{ 'my-model': { inputUsdPerMillion: '0.25' }, 'local': 'free' }`. */
  prices?: PriceDeclarations;
  /** The model of an Azure deployment, or of an alias: `{ 'my-deployment': 'gpt-5-mini' }`. */
  models?: Readonly<Record<string, string>>;
  /**
   * Provider of requests whose URL and format do not determine it, as in the catalogue, or one whose models `prices` lists. @defaultValue
   * 'openai' for its formats
   */
  provider?: string;
  /**
   * Providers of base URLs that the catalogue lacks: `{ 'https://llm.example.com/v1': 'openai' }`, by the names of the catalogue, or others
   * whose models `prices` lists. For calls by `fetch`; `proxy()` sets it itself.
   */
  baseUrls?: Readonly<Record<string, string>>;
  /**
   * Bound of the input. `bytes`: the UTF-8 length of the body, a few microseconds. `tokens`: text of bodies above
   * `countAboveBytes` is counted with the model's tokenizer where that is known and cheap, which takes up to 10 ms a request,
   * and 90 MB of memory once.
   * @defaultValue 'bytes'
   */
  inputBound?: 'bytes' | 'tokens';
  /** With `inputBound: 'tokens'`: bodies up to this many bytes keep the bound of bytes. Whole number. @defaultValue 2_048 */
  countAboveBytes?: number;
  /** Upper bounds of input that cannot be measured. */
  worstCase?: WorstCase;
  /** Server-side tools that calls may use, by their type: `{ web_search: { maxUses: 3 } }`. All others are refused. */
  tools?: Readonly<Record<string, ToolDeclaration>>;
  /** The most answers (`n`, `candidateCount`) of one call. Integer from 1 to 128. @defaultValue 16 */
  maxAnswers?: number;
  /** Fields of a body that no wire format is known to have. @defaultValue 'refuse' */
  unknownFields?: 'refuse' | 'allow';
  /** Further fields at the top of a body that are known to cost nothing. */
  allowFields?: readonly string[];
  /** The service tier of calls that state none, where the provider's project has another one set. @defaultValue 'default' */
  serviceTier?: string;
  /** Where calls of Anthropic's format that state no `inference_geo` run: the workspace's default. @defaultValue 'global' */
  inferenceGeo?: 'global' | 'us';
}

const worstCaseNames: readonly string[] = [
  'image',
  'imageUrl',
  'document',
  'documentUrl',
  'audio',
  'file',
  'conversation',
  'storedPrompt',
  'cachedContent',
];

const acceptsWorstCase: OptionCheck = (value) => {
  if (!isRecord(value)) return 'an object of tokens by kind of input';
  for (const [name, tokens] of Object.entries(value)) {
    if (!worstCaseNames.includes(name)) return `an object with ${worstCaseNames.join(', ')} (not "${name}")`;
    if (tokens !== undefined && accepts.wholeNumber(tokens) !== true) {
      return `an object of tokens, each an integer of 0 or more ("${name}" is ${describeValue(tokens)})`;
    }
  }
  return true;
};

const toolChecks: OptionChecks<ToolDeclaration> = {
  usdPerUse: (value) => isDecimal(value) || 'dollars as text',
  maxUses: accepts.positiveInteger,
  inputTokensPerUse: accepts.wholeNumber,
};

const acceptsTools: OptionCheck = (value) => {
  if (!isRecord(value)) return 'an object of tools by type';
  const checks: Readonly<Record<string, OptionCheck>> = { ...toolChecks };
  for (const [tool, declaration] of Object.entries(value)) {
    if (!isRecord(declaration))
      return `an object of tools by type ("${tool}" is ${describeValue(declaration)})`;
    for (const [name, field] of Object.entries(declaration)) {
      const verdict = checks[name]?.(field) ?? 'absent: the name is unknown';
      if (field !== undefined && verdict !== true) {
        return `an object of tools by type, where ${name} of "${tool}" is ${verdict}, not ${describeValue(field)}`;
      }
    }
  }
  return true;
};

const acceptsModels: OptionCheck = (value) =>
  (isRecord(value) &&
    Object.entries(value).every((pair) => pair.every((name) => accepts.string(name) === true))) ||
  'an object of model names by deployment';

/** The check of an option that names providers by base URL. */
export const acceptsBaseUrls: OptionCheck = (value) =>
  (isRecord(value) &&
    Object.entries(value).every(([url, name]) => isBaseUrl(url) && accepts.string(name) === true)) ||
  'an object of providers by base URL, such as { "https://llm.example.com/v1": "openai" }';

function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username + password + search + hash === '';
}

/** The checks of {@link ParseOptions}, to spread into a factory's own. */
export const parseChecks: OptionChecks<ParseOptions> = Object.freeze({
  prices: acceptsPrices,
  models: acceptsModels,
  provider: accepts.string,
  baseUrls: acceptsBaseUrls,
  inputBound: accepts.oneOf('bytes', 'tokens'),
  countAboveBytes: accepts.wholeNumber,
  worstCase: acceptsWorstCase,
  tools: acceptsTools,
  maxAnswers: accepts.integerBetween(1, 128),
  unknownFields: accepts.oneOf('refuse', 'allow'),
  allowFields: accepts.arrayOf(accepts.string),
  serviceTier: accepts.string,
  inferenceGeo: accepts.oneOf('global', 'us'),
});

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
