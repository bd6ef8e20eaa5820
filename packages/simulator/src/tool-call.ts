import { fieldOf, type Json, type JsonObject, listOf, stringOf } from './json.js';

/** A function the request offers to the model. */
export interface ToolOffer {
  name: string;
  /** JSON schema of its arguments, as the request gave it. */
  schema: Json | undefined;
}

/** The request's setting for the use of tools. */
export type ToolChoice = 'auto' | 'none' | 'required' | { name: string };

/** A call the simulated model makes. */
export interface ToolCall {
  name: string;
  arguments: JsonObject;
}

const lastWord = (prompt: string): string =>
  prompt.match(/[\p{L}\p{N}][\p{L}\p{N}'-]*(?=[^\p{L}\p{N}]*$)/u)?.[0] ?? 'something';

function exampleOf(schema: Json | undefined, prompt: string): Json {
  const choices = listOf(fieldOf(schema, 'enum'));
  if (choices[0] !== undefined) return choices[0];
  switch (stringOf(fieldOf(schema, 'type'))?.toLowerCase()) {
    case 'number':
    case 'integer':
      return 1;
    case 'boolean':
      return true;
    case 'array':
      return [];
    case 'object':
      return argumentsFor(schema, prompt);
    default:
      return lastWord(prompt);
  }
}

/** Arguments that fit the schema: its required properties (all, where none is required), filled from the prompt. */
export function argumentsFor(schema: Json | undefined, prompt: string): JsonObject {
  const properties = fieldOf(schema, 'properties');
  const required = listOf(fieldOf(schema, 'required')).filter((key) => typeof key === 'string');
  const keys =
    required.length > 0 || typeof properties !== 'object' || properties === null
      ? required
      : Object.keys(properties);
  return Object.fromEntries(keys.map((key) => [key, exampleOf(fieldOf(properties, key), prompt)]));
}

/** Whether the prompt mentions the tool: by its name, by one longer word of it, or as "the tool". */
function speaksOf(prompt: string, name: string): boolean {
  const parts = name
    .toLowerCase()
    .split(/[^a-z0-9]+|(?<=[a-z])(?=[A-Z])/)
    .filter((part) => part.length >= 4);
  return (
    prompt.includes(name.toLowerCase()) ||
    parts.some((part) => prompt.includes(part)) ||
    /\btools?\b/.test(prompt)
  );
}

/** The model's tool call, if the request's tools, its tool choice and the last user message cause one. */
export function toolCallFor(
  tools: readonly ToolOffer[],
  choice: ToolChoice,
  prompt: string,
): ToolCall | undefined {
  if (choice === 'none' || tools.length === 0) return undefined;
  const asked = prompt.toLowerCase();
  const mentioned = tools.find((tool) => speaksOf(asked, tool.name));
  const chosen =
    typeof choice === 'object'
      ? tools.find((tool) => tool.name === choice.name)
      : choice === 'required'
        ? (mentioned ?? tools[0])
        : mentioned;
  return chosen && { name: chosen.name, arguments: argumentsFor(chosen.schema, prompt) };
}
