import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { isObject } from '../request/json.js';
import { heldIn, type MediaTally } from '../request/media.js';
import { invalidValueError, unsupportedError } from '../request/refusals.js';

/** Blocks that hold nothing but text, or JSON that is read as text. */
const textBlocks: ReadonlySet<string> = new Set([
  'text',
  'thinking',
  'redacted_thinking',
  'tool_use',
  'server_tool_use',
  'mcp_tool_use',
  'search_result',
  'web_search_tool_result',
  'code_execution_tool_result',
  'bash_code_execution_tool_result',
  'text_editor_code_execution_tool_result',
  'tool_search_tool_result',
  'tool_reference',
  'browser_state',
  'mcp_tool_listing',
  'advisor_tool_result',
]);

/** Blocks that hold further blocks. */
const nested: ReadonlySet<string> = new Set(['tool_result', 'mcp_tool_result', 'web_fetch_tool_result']);

const maxDepth = 8;

/** Reads the blocks of a message's content, of the system prompt, or of a tool's result. */
export function anthropicContent(
  blocks: readonly JsonValue[],
  param: string,
  media: MediaTally,
  depth = 0,
): void {
  if (depth > maxDepth) throw unsupportedError(param, 'it is nested too deeply');
  blocks.forEach((block, index) => {
    const type = isObject(block) ? block.type : undefined;
    if (typeof type !== 'string' || !textBlocks.has(type))
      readBlock(block, `${param}[${index}]`, media, depth);
  });
}

function readBlock(block: JsonValue, param: string, media: MediaTally, depth: number): void {
  if (!isObject(block)) throw invalidValueError(param, 'an object', block);
  const type = block.type;
  if (typeof type !== 'string') throw invalidValueError(`${param}.type`, 'a string', type);
  if (textBlocks.has(type)) return;
  if (nested.has(type)) readNested(block.content, `${param}.content`, media, depth);
  else if (type === 'image' || type === 'document') {
    readSource(heldIn(block, 'source', param), `${param}.source`, type, media, depth);
  } else if (type === 'container_upload') media.add('file', `${param}.file_id`);
  else
    throw unsupportedError(
      `${param}.type`,
      'the kind of content is unknown, so its cost cannot be estimated',
    );
}

function readNested(content: JsonValue | undefined, param: string, media: MediaTally, depth: number): void {
  if (content === undefined || content === null || typeof content === 'string') return;
  if (Array.isArray(content)) anthropicContent(content, param, media, depth + 1);
  else if (!isObject(content)) throw invalidValueError(param, 'a string or an array', content);
  // The result of a fetch: one object that holds the document.
  else if (isObject(content.content)) readBlock(content.content, `${param}.content`, media, depth + 1);
}

function readSource(
  source: JsonObject,
  param: string,
  kind: 'image' | 'document',
  media: MediaTally,
  depth: number,
): void {
  switch (source.type) {
    case 'base64':
      media.add(kind, `${param}.data`, source.data);
      break;
    case 'url':
      media.add(kind === 'image' ? 'imageUrl' : 'documentUrl', `${param}.url`);
      break;
    case 'file':
      media.add('file', `${param}.file_id`);
      break;
    case 'text':
      break;
    case 'content':
      readNested(source.content, `${param}.content`, media, depth);
      break;
    default:
      throw unsupportedError(
        `${param}.type`,
        'the kind of source is unknown, so its cost cannot be estimated',
      );
  }
}
