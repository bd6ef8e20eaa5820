import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { invalidValueError } from './refusals.js';

/** Whether a value is a JSON object. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of an object by an own name; `null` counts as absent, as it does for the providers. */
export function fieldOf(object: JsonObject, name: string): JsonValue | undefined {
  if (!Object.hasOwn(object, name)) return undefined;
  return object[name] ?? undefined;
}

/** A field that has to be a string where it is present. */
export function stringOf(object: JsonObject, name: string, param = name): string | undefined {
  const value = fieldOf(object, name);
  if (value === undefined || typeof value === 'string') return value;
  throw invalidValueError(param, 'a string', value);
}

/** A field that has to be true or false where it is present. */
export function flagOf(object: JsonObject, name: string, param = name): boolean {
  const value = fieldOf(object, name);
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  throw invalidValueError(param, 'true or false', value);
}

/** A field that has to be an integer within bounds where it is present. */
export function integerOf(
  object: JsonObject,
  name: string,
  param: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const value = fieldOf(object, name);
  if (value === undefined) return undefined;
  if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value);
  const range =
    most === Number.MAX_SAFE_INTEGER
      ? `an integer of at least ${least}`
      : `an integer from ${least} to ${most}`;
  throw invalidValueError(param, range, value);
}

/** A field that has to be an object where it is present. */
export function objectOf(object: JsonObject, name: string, param = name): JsonObject | undefined {
  const value = fieldOf(object, name);
  if (value === undefined || isObject(value)) return value;
  throw invalidValueError(param, 'an object', value);
}

/** A field that has to be an array where it is present. */
export function arrayOf(object: JsonObject, name: string, param = name): readonly JsonValue[] | undefined {
  const value = fieldOf(object, name);
  if (value === undefined || Array.isArray(value)) return value;
  throw invalidValueError(param, 'an array', value);
}

/** The name of a field that may be written in camel or in snake case (protocol buffers accept both). With both present, the request is ambiguous. */
export function eitherName(object: JsonObject, camel: string): string | undefined {
  const snake = snakeOf(camel);
  const [hasCamel, hasSnake] = [fieldOf(object, camel) !== undefined, fieldOf(object, snake) !== undefined];
  if (hasCamel && hasSnake && snake !== camel)
    throw invalidValueError(camel, `written once, not also as ${snake}`, object[snake]);
  return hasCamel ? camel : hasSnake ? snake : undefined;
}

/** The value of a field that may be written in camel or in snake case. */
export function either(object: JsonObject, camel: string): JsonValue | undefined {
  const name = eitherName(object, camel);
  return name === undefined ? undefined : fieldOf(object, name);
}

const snakes = new Map<string, string>();

/** Names are our own, so there are few of them. */
function snakeOf(camel: string): string {
  let snake = snakes.get(camel);
  if (snake === undefined) {
    snake = camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    snakes.set(camel, snake);
  }
  return snake;
}
