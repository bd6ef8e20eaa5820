import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { fieldOf } from './json.js';
import type { ReadOptions } from './read-options.js';
import { unsupportedError } from './refusals.js';

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

const forbiddenAnywhere: ReadonlySet<string> = new Set(['__proto__', ...smugglingAnywhere]);
const onlyPrototype: ReadonlySet<string> = new Set(['__proto__']);

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

/** Refuses fields at the top of a body by name: those that smuggle, and, unless the app allows them, all that its format is not known to have. */
export function checkFields(known: ReadonlySet<string>, body: JsonObject, options: ReadOptions): void {
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

/** Refuses smuggling names below the top, in `metadata` and tools for example, and `__proto__` anywhere. */
export function checkNestedNames(body: JsonObject): void {
  const found = pathBelow(body, forbiddenAnywhere, 0);
  if (found !== undefined) throw unsupportedError(found, 'a request cannot choose its route or credentials');
}

/** The path to the first member with one of these names; of those at the top, only `__proto__` counts. */
function pathTo(value: JsonValue, names: ReadonlySet<string>, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return undefined;
  if (!Array.isArray(value)) return pathBelow(value, names, depth);
  for (let index = 0; index < value.length; index += 1) {
    const below = pathTo(value[index] ?? null, names, depth + 1);
    if (below !== undefined) return `[${index}]${below.startsWith('[') ? '' : '.'}${below}`;
  }
  return undefined;
}

function pathBelow(value: JsonObject, names: ReadonlySet<string>, depth: number): string | undefined {
  const here = depth === 0 ? onlyPrototype : names;
  for (const name in value) {
    if (here.has(name)) return name;
    const member = value[name];
    if (typeof member !== 'object' || member === null) continue;
    const isOwn = depth > 0 && ownNames.has(name);
    const below = pathTo(member, isOwn ? onlyPrototype : names, depth + 1);
    if (below !== undefined) return `${name}${below.startsWith('[') ? '' : '.'}${below}`;
  }
  return undefined;
}

/** The words of a text. */
export function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}
