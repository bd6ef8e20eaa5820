import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { json } from '../json.js';
import { notValidError } from '../not-translatable.js';

/** The arguments of a call, which OpenAI's formats hold as JSON text. */
export function parsedArguments(text: string, param: string): JsonObject {
  let value: JsonValue;
  try {
    value = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    throw notValidError(param, 'JSON', text);
  }
  if (!json.isObject(value)) throw notValidError(param, 'a JSON object', value);
  return value;
}
