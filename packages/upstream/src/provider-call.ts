import type { WireApi } from '@tollgate/core/internal';
import type { ClientCall } from './client-call.js';
import type { Provider } from './provider.js';
import { notTranslatableError } from './translate/not-translatable.js';
import { type TranslatedCall, translatableTo, translatedFor } from './translate/translated-for.js';

/** Output tokens of a response without a stated cap. */
const usualCap = 4_096;

/** A call as one provider takes it. */
export interface ProviderCall extends ClientCall {
  /** Converts an attempt's response to the client's format; absent where the provider supports it. */
  readonly answer?: TranslatedCall['answer'] | undefined;
}

/**
 * The call in the provider's format: unchanged where that is the client's, otherwise translated. Throws the refusal of a call that cannot
 * be translated.
 */
export function sentTo(provider: Provider, asked: ClientCall): ProviderCall {
  const { body } = asked;
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  if (provider.apis.includes(asked.api) || !isObject) return asked;
  const { model = '', stream: streams } = asked;
  if (asked.api === 'gemini-generate' && streams && !asked.sse) {
    throw notTranslatableError('alt', 'a stream is translated as events only, with alt=sse');
  }
  const translated = translatedFor(provider, asked.api, body, { model, stream: streams });
  if (!translated) return asked;
  const { api, stream, answer } = translated;
  const { requestedModel } = asked;
  return {
    api,
    model: asked.model,
    requestedModel,
    stream,
    sse: api === 'gemini-generate',
    body: translated.body,
    answer,
  };
}

/** Where no meter puts one in: Anthropic requires a cap, which other formats leave open. */
export function withCap(sent: ProviderCall): ProviderCall {
  const { body } = sent;
  if (sent.api !== 'anthropic-messages' || typeof body !== 'object' || body === null) return sent;
  return Array.isArray(body) ? sent : { ...sent, body: { max_tokens: usualCap, ...body } };
}

/** Whether a provider can take calls of an API: as they are, or translated. */
export const takesCalls = (provider: Provider, api: WireApi, translates: boolean): boolean =>
  provider.apis.includes(api) || (translates && translatableTo(provider.apis, api) !== undefined);
