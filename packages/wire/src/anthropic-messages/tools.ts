import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { arrayOf, integerOf, isObject } from '../request/json.js';
import type { ReadOptions } from '../request/read-options.js';
import { declarationOf } from '../request/read-options.js';
import { invalidValueError } from '../request/refusals.js';
import type { RequestFacts, ToolUse } from '../request/request-facts.js';

/** Tools of Anthropic's that the client runs, by the beginning of their type. */
const clientSide: readonly string[] = [
  'bash_',
  'text_editor_',
  'computer_',
  'memory_',
  'browser_toolset_',
  'computer_toolset_',
];

/** Server-side tools whose type carries a version, by their name in the usage. */
const serverSide: readonly string[] = [
  'web_search',
  'web_fetch',
  'code_execution',
  'advisor',
  'tool_search_tool',
];

/** The kinds of tools in a request: run by the server, Anthropic's, or any at all. */
export function anthropicTools(body: JsonObject): {
  readonly server: readonly ToolUse[];
  readonly own: number;
  readonly any: boolean;
} {
  const server: ToolUse[] = [];
  let own = 0;
  const tools = arrayOf(body, 'tools') ?? [];
  tools.forEach((tool, index) => {
    const param = `tools[${index}]`;
    if (!isObject(tool)) throw invalidValueError(param, 'an object', tool);
    const type = tool.type ?? 'custom';
    if (typeof type !== 'string') throw invalidValueError(`${param}.type`, 'a string', type);
    if (type === 'custom') return;
    own += 1;
    if (clientSide.some((prefix) => type.startsWith(prefix))) return;
    const name = serverSide.find((prefix) => type.startsWith(prefix)) ?? type;
    server.push({ name, type, param, maxUses: integerOf(tool, 'max_uses', `${param}.max_uses`, 1) });
  });
  return { server, own, any: tools.length > 0 };
}

/** Writes the app's bound into the server-side tools for which the client states none; the tools themselves are not changed. */
export function boundedTools(
  tools: readonly JsonValue[],
  facts: RequestFacts,
  options: ReadOptions,
): JsonValue[] {
  const bounds = new Map(
    facts.tools
      .filter((tool) => tool.maxUses === undefined)
      .map((tool) => [tool.param, declarationOf(tool, options)?.maxUses]),
  );
  return tools.map((tool, index) => {
    const most = bounds.get(`tools[${index}]`);
    return most !== undefined && isObject(tool) ? { ...tool, max_uses: most } : tool;
  });
}
