import type { JsonObject } from '@tollgate/core';
import { arrayOf, integerOf, isObject } from './json.js';
import { invalidValue } from './refusals.js';
import type { ToolUse } from './request-facts.js';

/** Names of server-side tools in the usage, where their type on the wire carries a version. */
const names: readonly (readonly [prefix: string, name: string])[] = [
  ['web_search', 'web_search'],
  ['file_search', 'file_search'],
];

/**
 * The server-side tools of a request. Tools that the client runs itself cost what their description holds, which is part of
 * the body.
 */
export function openaiTools(body: JsonObject, clientSide: ReadonlySet<string>): ToolUse[] {
  const maxUses = integerOf(body, 'max_tool_calls', 'max_tool_calls', 1);
  const uses: ToolUse[] = [];
  (arrayOf(body, 'tools') ?? []).forEach((tool, index) => {
    const param = `tools[${index}]`;
    if (!isObject(tool)) throw invalidValue(param, 'an object', tool);
    const type = tool.type;
    if (typeof type !== 'string') throw invalidValue(`${param}.type`, 'a string', type);
    if (clientSide.has(type)) return;
    const name = names.find(([prefix]) => type.startsWith(prefix))?.[1] ?? type;
    uses.push({ name, type, param, maxUses });
  });
  return uses;
}
