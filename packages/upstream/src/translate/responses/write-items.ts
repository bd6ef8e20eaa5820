import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import type { MediaPart, Part, ResultPart, TextPart, ThoughtPart, Turn } from '../neutral-request.js';
import { notTranslatableError } from '../not-translatable.js';

/** As a refusal names it. */
export const provider = "OpenAI's responses";

/** Writes the turns as items: a message for each text, one item for each call, result and thought. */
export function writeItems(turns: readonly Turn[]): JsonObject[] {
  return turns.flatMap(({ role, parts }) => (role === 'assistant' ? parts.flatMap(saidOf) : askedOf(parts)));
}

function askedOf(parts: readonly Part[]): JsonObject[] {
  const results = parts.filter((part) => part.kind === 'result').map(resultOf);
  const others = parts.flatMap((part) =>
    part.kind === 'text' || part.kind === 'image' || part.kind === 'document' ? [part] : [],
  );
  return others.length === 0 ? results : [...results, { role: 'user', content: contentOf(others) }];
}

function saidOf(part: Part): JsonObject[] {
  switch (part.kind) {
    case 'text':
      return [{ role: 'assistant', content: part.text }];
    case 'call':
      return [
        { type: 'function_call', call_id: part.id, name: part.name, arguments: JSON.stringify(part.args) },
      ];
    case 'thought':
      return thoughtOf(part);
    default:
      throw notTranslatableError(part.param, `${provider} take only text and calls of the assistant`);
  }
}

/** OpenAI's rules: unsigned thoughts are not returned to its models. */
function thoughtOf(part: ThoughtPart): JsonObject[] {
  if (part.origin !== 'openai')
    throw notTranslatableError(part.param, `${provider} take no thinking blocks of another provider's model`);
  const encrypted = part.signature ?? part.redacted;
  if (encrypted === undefined) return [];
  const summary = part.text === '' ? [] : [{ type: 'summary_text', text: part.text }];
  return [{ type: 'reasoning', summary, encrypted_content: encrypted }];
}

/** The format has no field for a failed call: its content states it. */
function resultOf({ id, content, failed, param }: ResultPart): JsonObject {
  const item = { type: 'function_call_output', call_id: id };
  if (!failed) return { ...item, output: content.length === 0 ? '' : contentOf(content) };
  const text = content.map((part) => {
    if (part.kind === 'text') return part.text;
    throw notTranslatableError(param, `${provider} take only text as the result of a failed tool`);
  });
  return { ...item, output: JSON.stringify({ error: text.join('') }) };
}

function contentOf(parts: readonly (TextPart | MediaPart)[]): JsonValue {
  const [first] = parts;
  if (parts.length === 1 && first?.kind === 'text') return first.text;
  return parts.map((part) =>
    part.kind === 'text' ? { type: 'input_text', text: part.text } : mediaOf(part),
  );
}

function mediaOf({ kind, url, mediaType, data, detail, name }: MediaPart): JsonObject {
  const inline = `data:${mediaType};base64,${data}`;
  if (kind === 'image')
    return { type: 'input_image', image_url: url ?? inline, detail: detail?.value ?? 'auto' };
  if (url !== undefined)
    return { type: 'input_file', file_url: url, ...(name !== undefined && { filename: name }) };
  return { type: 'input_file', filename: name ?? 'document.pdf', file_data: inline };
}
