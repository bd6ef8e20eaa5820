import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { arrayOf, fieldOf, isObject } from '../request/json.js';
import type { MediaTally } from '../request/media.js';
import { toolsIn } from '../request/openai-tools.js';
import { invalidValueError, unsupportedError } from '../request/refusals.js';
import type { ToolUse } from '../request/request-facts.js';

/** Items that hold nothing but text, or JSON that is read as text. */
const textItems: ReadonlySet<string> = new Set([
  'function_call',
  'custom_tool_call',
  'file_search_call',
  'web_search_call',
  'computer_call',
  'code_interpreter_call',
  'local_shell_call',
  'local_shell_call_output',
  'shell_call',
  'shell_call_output',
  'apply_patch_call',
  'apply_patch_call_output',
  'mcp_list_tools',
  'mcp_approval_request',
  'mcp_approval_response',
  'mcp_call',
  'tool_search_call',
  'tool_search_output',
  'program',
  'program_output',
]);

/** Items whose output may hold images and files. */
const outputItems: ReadonlySet<string> = new Set([
  'function_call_output',
  'custom_tool_call_output',
  'computer_call_output',
]);

const textParts: ReadonlySet<string> = new Set([
  'input_text',
  'output_text',
  'text',
  'summary_text',
  'reasoning_text',
  'refusal',
]);

const mediaParts: ReadonlySet<string> = new Set(['input_image', 'input_file', 'computer_screenshot']);

/** Reads the `input` of a response: a text, or items of many kinds. */
export function responsesInput(input: JsonValue | undefined, media: MediaTally): void {
  if (input === undefined || typeof input === 'string') return;
  if (!Array.isArray(input)) throw invalidValueError('input', 'a string or an array', input);
  input.forEach((item, index) => {
    if (!isText(item)) readItem(item, `input[${index}]`, media);
  });
}

/** Most items are a text: they need no name for a refusal. */
function isText(item: JsonValue): boolean {
  if (!isObject(item)) return false;
  const type = item.type ?? ('role' in item ? 'message' : undefined);
  if (type !== 'message') return typeof type === 'string' && textItems.has(type);
  return typeof (item.content ?? '') === 'string';
}

function readItem(item: JsonValue, param: string, media: MediaTally): void {
  if (!isObject(item)) throw invalidValueError(param, 'an object', item);
  const type = fieldOf(item, 'type') ?? ('role' in item ? 'message' : 'item_reference');
  if (typeof type !== 'string') throw invalidValueError(`${param}.type`, 'a string', type);
  if (textItems.has(type)) return;
  if (type === 'reasoning') {
    // By its id alone: the reasoning is at the provider.
    if (!holdsItsContent(item)) media.add('conversation', param);
    return;
  }
  if (type === 'message') readContent(item.content, `${param}.content`, media);
  else if (outputItems.has(type)) readContent(item.output, `${param}.output`, media);
  else if (type === 'image_generation_call') media.add('image', `${param}.result`, item.result);
  // By its id, or encrypted: the content is at the provider.
  else if (type === 'item_reference' || type === 'compaction') media.add('conversation', param);
  else
    throw unsupportedError(`${param}.type`, 'the kind of input is unknown, so its cost cannot be estimated');
}

const isFilled = (value: JsonValue | undefined): boolean =>
  (typeof value === 'string' || Array.isArray(value)) && value.length > 0;

/** Whether a reasoning item contains the reasoning, encrypted or as text; its summary does not count. */
const holdsItsContent = (item: JsonObject): boolean =>
  isFilled(item.encrypted_content) || isFilled(item.content);

/** Items that list tools in the words of a server, without types; a call of them needs the server among the request's own tools. */
const describesTools = (item: JsonObject): boolean => item.type === 'mcp_list_tools';

/** The server-side tools in items of the input, such as the results of a search for tools. */
export function toolsOfInput(
  input: JsonValue | undefined,
  maxUses: number | undefined,
  clientSide: ReadonlySet<string>,
): ToolUse[] {
  if (!Array.isArray(input)) return [];
  return input.flatMap((item, index) => {
    if (!isObject(item) || item.tools === undefined || item.tools === null || describesTools(item)) return [];
    return toolsIn(arrayOf(item, 'tools') ?? [], `input[${index}].tools`, maxUses, clientSide);
  });
}

/** How many tools items of the input describe. */
export function toolCountOfInput(input: JsonValue | undefined): number {
  if (!Array.isArray(input)) return 0;
  let count = 0;
  for (const item of input) if (isObject(item) && Array.isArray(item.tools)) count += item.tools.length;
  return count;
}

function readContent(content: JsonValue | undefined, param: string, media: MediaTally): void {
  if (content === undefined || content === null || typeof content === 'string') return;
  if (!Array.isArray(content) && !isObject(content)) {
    throw invalidValueError(param, 'a string or an array', content);
  }
  const parts = Array.isArray(content) ? content : [content];
  parts.forEach((part, index) => {
    const type = isObject(part) ? part.type : undefined;
    if (typeof type === 'string' && textParts.has(type)) return;
    readPart(part, `${param}[${index}]`, media);
  });
}

function readPart(part: JsonValue, param: string, media: MediaTally): void {
  if (!isObject(part)) throw invalidValueError(param, 'an object', part);
  const type = part.type;
  if (typeof type !== 'string') throw invalidValueError(`${param}.type`, 'a string', type);
  if (!mediaParts.has(type)) {
    throw unsupportedError(
      `${param}.type`,
      'the kind of content is unknown, so its cost cannot be estimated',
    );
  }
  if (fieldOf(part, 'file_id') !== undefined) media.add('file', `${param}.file_id`);
  if (fieldOf(part, 'image_url') !== undefined) {
    media.addUrl({ inline: 'image', remote: 'imageUrl' }, `${param}.image_url`, part.image_url);
  }
  if (fieldOf(part, 'file_url') !== undefined) media.add('documentUrl', `${param}.file_url`);
  if (fieldOf(part, 'file_data') !== undefined) media.add('document', `${param}.file_data`, part.file_data);
}
