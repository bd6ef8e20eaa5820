import { type MediaCount, unsupportedError } from '@tollgate/wire/internal';
import type { Price } from '../prices/price.js';
import type { ParseOptions, WorstCase } from './parse-options.js';

/** The upper bound of the tokens of a call's media. */
export interface MediaBound {
  /** Tokens at text prices. */
  readonly tokens: number;
  /** Tokens at audio prices. */
  readonly audioTokens: number;
  /** Some media is bounded only by the model's context window: the whole input is at most this long. */
  readonly window: number | undefined;
  readonly windowIsAudio: boolean;
}

/**
 * The most tokens of one image. OpenAI (platform.openai.com/docs, "Images and vision"): 10 000 patches at the smallest models'
 * rate of 2.46, and for gpt-4o-mini eight tiles of 5 667 and 2 833; Anthropic: 4 784 at the highest resolution; Gemini: 16 tiles
 * of 258. Where nothing is known, the most of all.
 */
function imageTokensOf(provider: string, model: string): number {
  if (provider === 'anthropic' || provider === 'google') return 5_000;
  const openai = provider === 'openai' || provider === 'azure';
  return openai && !model.includes('gpt-4o-mini') ? 25_000 : 50_000;
}

const remedies: Readonly<Record<keyof WorstCase, string>> = {
  image: 'what an image costs is not known',
  imageUrl: 'an image by URL is not in the request; send it in the body',
  document: 'the length of the document cannot be known from the request, so its tokens cannot be estimated',
  documentUrl: 'a document by URL is not in the request; send it in the body',
  audio: 'the length of the recording cannot be known from the request, so its tokens cannot be estimated',
  file: 'what the file holds is not in the request',
  conversation: 'what the provider remembers is not in the request; send the earlier messages',
  storedPrompt: 'what the stored prompt holds is not in the request',
  cachedContent: 'what the cached content holds is not in the request',
};

/** Bounds the media of a request; refuses media without a bound unless the app gives one. */
export function mediaBoundOf(
  media: ReadonlyMap<string, MediaCount>,
  provider: string,
  price: Price,
  worstCase: ParseOptions['worstCase'],
): MediaBound {
  let [tokens, audioTokens] = [0, 0];
  let window: number | undefined;
  let windowIsAudio = false;
  for (const { kind, param, count } of media.values()) {
    const each = worstCase?.[kind] ?? (kind === 'image' ? imageTokensOf(provider, price.model) : undefined);
    if (each !== undefined) {
      if (kind === 'audio') audioTokens += each * count;
      else tokens += each * count;
      continue;
    }
    const bounded = kind === 'document' || kind === 'audio';
    if (!bounded || price.contextWindow === undefined) throw unsupportedError(param, remedies[kind]);
    window = price.contextWindow;
    windowIsAudio ||= kind === 'audio';
  }
  return { tokens, audioTokens, window, windowIsAudio };
}
