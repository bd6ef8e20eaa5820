import type { JsonObject, JsonValue, WireApi } from '@tollgate/core/internal';
import { fieldOf } from './json.js';
import type { ParseOptions } from './parse-options.js';
import { unsupportedError } from './refusals.js';

/**
 * The top-level fields of each format's bodies, as of the official SDKs' types (openai 6.49, @anthropic-ai/sdk 1.11, @google/genai 2.32).
 * Fields with a cost are read by the format's file, or refused below.
 */
const knownFields: Readonly<Record<WireApi, ReadonlySet<string>>> = {
  'openai-chat': words(`messages model audio frequency_penalty function_call functions logit_bias logprobs
    max_completion_tokens max_tokens metadata modalities moderation n parallel_tool_calls prediction presence_penalty
    prompt_cache_key prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed
    service_tier stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity
    web_search_options`),
  'openai-responses':
    words(`input instructions model conversation include max_output_tokens max_tool_calls metadata
    moderation parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options
    prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options temperature text
    tool_choice tools top_logprobs top_p truncation user background`),
  'openai-embeddings': words('input model dimensions encoding_format user'),
  'anthropic-messages':
    words(`max_tokens messages model cache_control context_management diagnostics inference_geo
    metadata output_config output_format service_tier speed stop_sequences stream system temperature thinking tool_choice
    tools top_k top_p`),
  'gemini-generate':
    words(`contents systemInstruction system_instruction tools toolConfig tool_config safetySettings
    safety_settings generationConfig generation_config cachedContent cached_content labels serviceTier service_tier store
    model`),
};

/** Fields that no option allows: they would change the call, or its cost, after it was priced. */
const smuggling: readonly string[] = [
  'api_base',
  'api_key',
  'api_version',
  'base_url',
  'baseURL',
  'apiKey',
  'custom_llm_provider',
  'deployment_id',
  'extra_body',
  'extra_headers',
  'extra_query',
  'fallbacks',
  'fallback_credit_token',
  'litellm_params',
  'model_list',
  'models',
  'route',
];

/** Those that are refused below the top as well; the others are ordinary words there, in `metadata` for example. */
const smugglingAnywhere: readonly string[] = [
  'api_base',
  'api_key',
  'base_url',
  'baseURL',
  'apiKey',
  'extra_body',
  'extra_headers',
  'fallbacks',
  'litellm_params',
  'model_list',
];

const forbiddenAnywhere: readonly string[] = ['__proto__', ...smugglingAnywhere];

/** One search for all of them. */
const anyForbidden = new RegExp(`"(?:${forbiddenAnywhere.join('|')})":`);

/** Known fields whose cost cannot be bounded before the call. */
const costly: Readonly<Record<string, string>> = {
  background: 'its answer, and what it costs, arrives outside of this exchange',
  best_of: 'answers that are thrown away are charged too',
  billing_policy: 'it changes who is charged',
  compaction: 'the provider makes further calls for it',
  context_management: 'the provider makes further calls for it',
  container: 'what the container holds is not in the request',
  mcp_servers: 'tools on other servers can be used without a bound',
  thread: 'what the thread holds is not in the request',
};

/** Refuses fields by name: those that smuggle, and in strict mode all that the format is not known to have. */
export function checkFields(api: WireApi, body: JsonObject, options: ParseOptions): void {
  const known = knownFields[api];
  for (const name of Object.keys(body)) {
    if (known.has(name)) continue;
    if (smuggling.includes(name))
      throw unsupportedError(name, 'a request cannot choose its route or credentials');
    if (options.allowFields?.includes(name)) continue;
    const why = Object.hasOwn(costly, name) ? costly[name] : undefined;
    if (why !== undefined && fieldOf(body, name) === undefined) continue;
    if (why !== undefined) throw unsupportedError(name, why);
    if (options.unknownFields === 'allow' && name !== '__proto__') continue;
    throw unsupportedError(name, 'the field is unknown, so its cost cannot be estimated');
  }
}

/** No provider reads fields below this depth. */
const maxDepth = 64;

/** Below these, names are the app's or the model's own and mean nothing to a provider. */
const ownNames: ReadonlySet<string> = new Set([
  'parameters',
  'parametersJsonSchema',
  'input_schema',
  'schema',
  'responseSchema',
  'responseJsonSchema',
  'response',
  'input',
  'args',
  'arguments',
  'logit_bias',
]);

/**
 * Refuses smuggling names below the top, in `metadata` and tools for example, and `__proto__` anywhere. The serialised body
 * is searched first: a name within a text is escaped there, so it is not found, and nearly no body is walked.
 */
export function checkNestedNames(body: JsonObject, text: string): void {
  if (!anyForbidden.test(text)) return;
  const names = forbiddenAnywhere.filter((name) => text.includes(`"${name}":`));
  const found = pathTo(body, new Set(names), true);
  if (found !== undefined) throw unsupportedError(found, 'a request cannot choose its route or credentials');
}

/** The path to the first member with one of these names. At the top only `__proto__` counts, where it is an own property. */
function pathTo(value: JsonValue, names: ReadonlySet<string>, top = false, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return undefined;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const below = pathTo(value[index] ?? null, names, false, depth + 1);
      if (below !== undefined) return `[${index}]${below.startsWith('[') ? '' : '.'}${below}`;
    }
    return undefined;
  }
  for (const name in value) {
    if (names.has(name) && (!top || name === '__proto__')) return name;
    if (!top && ownNames.has(name) && !names.has('__proto__')) continue;
    const below = pathTo(value[name] ?? null, names, false, depth + 1);
    if (below !== undefined) return `${name}${below.startsWith('[') ? '' : '.'}${below}`;
  }
  return undefined;
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}
