import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { arrayOf, integerOf, isObject } from './json.js';
import { invalidValueError } from './refusals.js';
import type { ToolUse } from './request-facts.js';

/** Names of server-side tools in the usage, where their type on the wire carries a version. */
const names: readonly (readonly [prefix: string, name: string])[] = [
  ['web_search', 'web_search'],
  ['file_search', 'file_search'],
];

/**
 * The server-side tools of a request, including those of namespaces. Tools that the client runs cost only the tokens of their description,
 * which is part of the body.
 */
export function openaiTools(body: JsonObject, clientSide: ReadonlySet<string>): ToolUse[] {
  return toolsIn(arrayOf(body, 'tools') ?? [], 'tools', maxToolCalls(body), clientSide);
}

/** The most uses that a request states for all of its tools. */
export const maxToolCalls = (body: JsonObject): number | undefined =>
  integerOf(body, 'max_tool_calls', 'max_tool_calls', 1);

/** The server-side tools of the list at the path `list`. */
export function toolsIn(
  tools: readonly JsonValue[],
  list: string,
  maxUses: number | undefined,
  clientSide: ReadonlySet<string>,
): ToolUse[] {
  return tools.flatMap((tool, index): ToolUse[] => {
    const param = `${list}[${index}]`;
    if (!isObject(tool)) throw invalidValueError(param, 'an object', tool);
    // Mistral's type is `function` by default, and its Python client sends none.
    const type = tool.type ?? (isObject(tool.function) ? 'function' : undefined);
    if (typeof type !== 'string') throw invalidValueError(`${param}.type`, 'a string', type);
    if (type === 'namespace') {
      return toolsIn(arrayOf(tool, 'tools') ?? [], `${param}.tools`, maxUses, clientSide);
    }
    if (clientSide.has(type)) return [];
    const name = names.find(([prefix]) => type.startsWith(prefix))?.[1] ?? type;
    return [{ name, type, param, maxUses }];
  });
}
