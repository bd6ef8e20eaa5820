import type { JsonObject, JsonValue, WireApi } from '@tollgate/core/internal';

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
  if (api === 'openai-embeddings') return true;
  const settings = api === 'gemini-generate' ? (body.generationConfig ?? body.generation_config) : body;
  if (!isObject(settings) || asksProviderTools(api, body)) return false;
  return settings.temperature === 0 || Number.isInteger(settings.seed);
}

/** Whether the provider may search, fetch or run something, with results that change over time. */
function asksProviderTools(api: WireApi, body: JsonObject): boolean {
  if (isPresent(body.web_search_options) || isPresent(body.mcp_servers)) return true;
  const tools = Array.isArray(body.tools) ? body.tools : [];
  if (api === 'gemini-generate') {
    return tools.some(
      (tool) => !isObject(tool) || Object.keys(tool).some((name) => !/^function_?declarations$/i.test(name)),
    );
  }
  return tools.some((tool) => !isObject(tool) || !['function', 'custom', undefined].includes(typeOf(tool)));
}

const typeOf = ({ type }: JsonObject): string | undefined => (isPresent(type) ? String(type) : undefined);

const isPresent = (value: JsonValue | undefined): boolean => value !== undefined && value !== null;

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
