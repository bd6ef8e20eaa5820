import { defaultMaxOutputTokens, type WireApi } from '@tollgate/core/internal';
import { formatOf } from '@tollgate/wire';
import type { Provider } from '../provider/provider.js';
import { notTranslatableError } from '../translate/not-translatable.js';
import type { ClientCall } from './client-call.js';
import { type TranslatedCall, translatableTo, translatedFor } from './translated-for.js';

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
  if (streams && !asked.sse) {
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
    sse: true,
    body: translated.body,
    answer,
  };
}

/** With an output cap where the format requires one and no meter puts it in. */
export function withCap(sent: ProviderCall): ProviderCall {
  const { api, body } = sent;
  const { needsCap, capField } = formatOf(api);
  if (!needsCap || typeof body !== 'object' || body === null || Array.isArray(body)) return sent;
  const name = capField(body, defaultMaxOutputTokens);
  return { ...sent, body: { [name]: defaultMaxOutputTokens, ...body } };
}

/** Whether a provider can take calls of an API: as they are, or translated. */
export const takesCalls = (provider: Provider, api: WireApi, translates: boolean): boolean =>
  provider.apis.includes(api) || (translates && translatableTo(provider.apis, api) !== undefined);
