import type { Invalid } from './answer.js';
import { fieldOf, type Json, type JsonObject, listOf, stringOf } from './json.js';
import type { ToolChoice, ToolOffer } from './tool-call.js';

/** A refusal of one parameter. */
export const invalid = (message: string, param: string | null, code: string | null = null): Invalid => ({
  invalid: { message, param, code },
});

/** The largest of the given caps; `undefined` where none is given; a refusal where one is not a positive integer. */
export function readCap(
  body: Json | undefined,
  keys: readonly string[],
  prefix = '',
): number | undefined | Invalid {
  let cap: number | undefined;
  for (const key of keys) {
    const value = fieldOf(body, key);
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
      return invalid(
        `Invalid value for '${prefix}${key}': expected a positive integer.`,
        `${prefix}${key}`,
        'invalid_value',
      );
    }
    cap = Math.max(cap ?? 0, value);
  }
  return cap;
}

/** A count of choices: 1 where absent, a refusal unless it is an integer from 1 to 128. */
export function readCount(value: Json | undefined, param: string): number | Invalid {
  if (value === undefined || value === null) return 1;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 128) {
    return invalid(`Invalid '${param}': expected an integer from 1 to 128.`, param, 'invalid_value');
  }
  return value;
}

/** The model's name, from the path if it contains one. */
export function readModel(body: JsonObject, pathModel: string | undefined): string | Invalid {
  const model = pathModel ?? stringOf(body.model);
  return model === undefined || model === '' ? invalid('you must provide a model parameter', 'model') : model;
}

/** Whether the value is a refusal. */
export const isInvalid = (value: unknown): value is Invalid =>
  typeof value === 'object' && value !== null && 'invalid' in value;

/** OpenAI's tools: `{ type: 'function', function: { name, parameters } }` in chat, flat in responses. */
export function openAiTools(tools: Json | undefined): ToolOffer[] {
  return listOf(tools).flatMap((tool) => {
    const definition = fieldOf(tool, 'function') ?? tool;
    const name = stringOf(fieldOf(definition, 'name'));
    return fieldOf(tool, 'type') === 'function' && name !== undefined
      ? [{ name, schema: fieldOf(definition, 'parameters') }]
      : [];
  });
}

/** OpenAI's `tool_choice`. */
export function openAiToolChoice(choice: Json | undefined): ToolChoice {
  if (choice === 'none' || choice === 'required') return choice;
  const name = stringOf(fieldOf(fieldOf(choice, 'function') ?? choice, 'name'));
  return name === undefined ? 'auto' : { name };
}
