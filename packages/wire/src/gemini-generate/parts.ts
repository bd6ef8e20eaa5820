import type { JsonValue } from '@tollgate/core/internal';
import { either, fieldOf, isObject } from '../request/json.js';
import { kindOfType, type MediaTally } from '../request/media.js';
import { invalidValueError, unsupportedError } from '../request/refusals.js';

/** Fields of a part that contain text, JSON that is read as text, or instructions for reading the part. */
const plain: ReadonlySet<string> = new Set(
  `text thought thoughtSignature thought_signature functionCall function_call executableCode executable_code
  codeExecutionResult code_execution_result toolCall tool_call videoMetadata video_metadata mediaResolution media_resolution
  audioTranscription partMetadata part_metadata speechMetadata mediaProcessing`.split(/\s+/),
);

const media: ReadonlySet<string> = new Set([
  'inlineData',
  'inline_data',
  'fileData',
  'file_data',
  'functionResponse',
  'function_response',
  'toolResponse',
  'tool_response',
]);

/** Reads the parts of a content. */
export function geminiParts(parts: readonly JsonValue[], param: string, tally: MediaTally, depth = 0): void {
  parts.forEach((part, index) => {
    if (!isPlain(part)) readPart(part, `${param}[${index}]`, tally, depth);
  });
}

/** Most parts are: they need no name for a refusal. */
function isPlain(part: JsonValue): boolean {
  if (!isObject(part)) return false;
  for (const name in part) if (!plain.has(name)) return false;
  return true;
}

function readPart(part: JsonValue, param: string, tally: MediaTally, depth: number): void {
  if (!isObject(part)) throw invalidValueError(param, 'an object', part);
  for (const name of Object.keys(part)) {
    if (plain.has(name) || media.has(name)) continue;
    throw unsupportedError(
      `${param}.${name}`,
      'the kind of part is unknown, so its cost cannot be estimated',
    );
  }
  const inline = either(part, 'inlineData');
  if (inline !== undefined) {
    if (!isObject(inline)) throw invalidValueError(`${param}.inlineData`, 'an object', inline);
    tally.add(kindOfType(either(inline, 'mimeType')), `${param}.inlineData`, inline.data);
  }
  if (either(part, 'fileData') !== undefined) tally.add('file', `${param}.fileData`);
  for (const name of ['functionResponse', 'toolResponse']) {
    const response = either(part, name);
    const nested = isObject(response) ? fieldOf(response, 'parts') : undefined;
    if (nested === undefined) continue;
    if (!Array.isArray(nested) || depth > 4)
      throw invalidValueError(`${param}.${name}.parts`, 'an array', nested);
    geminiParts(nested, `${param}.${name}.parts`, tally, depth + 1);
  }
}
