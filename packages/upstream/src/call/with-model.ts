import type { JsonValue } from '@tollgate/core/internal';
import { formatOf } from '@tollgate/wire';
import type { ClientCall } from './client-call.js';

/** The same call of another model; the body is a copy, of which the first level suffices. `requestedModel`: a router has chosen. */
export function withModel(
  asked: ClientCall,
  model: string | undefined,
  requestedModel = asked.requestedModel,
): ClientCall {
  const { body } = asked;
  if (model === undefined || typeof body !== 'object' || body === null || Array.isArray(body)) return asked;
  const copy: JsonValue = formatOf(asked.api).modelInPath ? { ...body } : { ...body, model };
  const { api, stream, sse } = asked;
  return { api, model, requestedModel, stream, sse, body: copy };
}
