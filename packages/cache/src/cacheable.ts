import type { JsonObject, JsonValue, WireApi } from '@tollgate/core/internal';
import { formatOf } from '@tollgate/wire';
import { isObject } from '@tollgate/wire/internal';

/** Members of a body that name something the provider keeps, which may have changed, or which the call changes. */
const kept = ['conversation', 'previous_response_id', 'prompt', 'background', 'container'];

/** Whether the body alone determines the call: only then do two equal bodies request the same thing. */
export function isSelfContained(body: JsonValue | undefined): body is JsonObject {
  return (
    isObject(body) &&
    kept.every((name) => body[name] === undefined || body[name] === null || body[name] === false)
  );
}

/** Whether a call requests the same response each time: no temperature, or a seed, and no tool that the provider runs; or embeddings. */
export function isDeterministic(api: WireApi, body: JsonObject): boolean {
  const format = formatOf(api);
  if (!format.hasOutput) return true;
  const settings = format.settings(body);
  if (!isObject(settings) || format.hasServerTools(body)) return false;
  return settings.temperature === 0 || Number.isInteger(settings.seed);
}
