import type { JsonObject } from '@tollgate/core/internal';
import { fieldOf, isObject } from './json.js';

/** Types of tools that the client runs in OpenAI's and Anthropic's formats; a tool without a type is one. */
const clientSide: readonly unknown[] = ['function', 'custom', undefined];

/** Whether a request offers a tool that the provider runs: it may search, fetch or run something, with results that change over time. */
export function offersServerTools(body: JsonObject): boolean {
  if (fieldOf(body, 'web_search_options') !== undefined || fieldOf(body, 'mcp_servers') !== undefined)
    return true;
  const { tools } = body;
  if (!Array.isArray(tools)) return false;
  return tools.some((tool) => !isObject(tool) || !clientSide.includes(fieldOf(tool, 'type')));
}
