import type { JsonObject, JsonValue } from '@tollgate/core/internal';

/** Facts about a request that need no understanding of it. */
export interface PromptFacts {
  /** Characters of all texts, in all turns. */
  readonly characters: number;
  /** The end of the texts, up to 8 000 characters. */
  readonly text: string;
  /** The beginning of the texts, which stays the same through a conversation, up to 2 000 characters. */
  readonly opening: string;
  readonly turns: number;
  readonly hasTools: boolean;
  /** The answer is to have a shape. */
  readonly hasSchema: boolean;
  readonly hasMedia: boolean;
  /** The client asks the model to think. */
  readonly asksToThink: boolean;
  /** The output cap that the client states, in tokens. */
  readonly maxOutputTokens: number | undefined;
}

const mostText = 8_000;
const mostOpening = 2_000;
/** Values that are visited in a wide body; beyond, only their number of characters is missing. */
const mostValues = 20_000;

/** Reads a chat request of any format that is known here, in time linear in its size. */
export function promptFacts(body: JsonObject): PromptFacts {
  const said = new Said();
  for (const part of [body.instructions, body.system, body.systemInstruction]) said.add(part);
  const turns = turnsOf(body);
  for (const turn of turns) said.add(turn);
  const settings = objectOf(body.generationConfig);
  return {
    characters: said.characters,
    text: said.end,
    opening: said.opening,
    turns: turns.length,
    hasTools: Array.isArray(body.tools) && body.tools.length > 0,
    hasSchema: [
      body.response_format,
      body.output_format,
      objectOf(body.output_config).format,
      objectOf(body.text).format,
      settings.responseSchema,
      settings.responseJsonSchema,
    ].some(isGiven),
    hasMedia: said.hasMedia,
    asksToThink: [
      body.reasoning_effort,
      body.reasoning,
      body.thinking,
      objectOf(body.output_config).effort,
      settings.thinkingConfig,
    ].some(isGiven),
    maxOutputTokens: [
      body.max_completion_tokens,
      body.max_tokens,
      body.max_output_tokens,
      settings.maxOutputTokens,
    ].find((cap): cap is number => Number.isSafeInteger(cap) && Number(cap) > 0),
  };
}

/** Collects the texts of a request, in their order. */
class Said {
  characters = 0;
  opening = '';
  hasMedia = false;
  #end: string[] = [];
  #values = 0;

  get end(): string {
    return this.#end.join('\n').slice(-mostText);
  }

  add(value: JsonValue | undefined): void {
    const waiting: (JsonValue | undefined)[] = [value];
    while (waiting.length > 0 && this.#values < mostValues) {
      this.#values += 1;
      const next = waiting.pop();
      if (typeof next === 'string') this.#say(next);
      else if (Array.isArray(next)) for (let at = next.length - 1; at >= 0; at -= 1) waiting.push(next[at]);
      else if (typeof next === 'object' && next !== null) {
        if (mediaFields.some((name) => next[name] !== undefined)) this.hasMedia = true;
        for (const name of spokenFields) if (next[name] !== undefined) waiting.push(next[name]);
      }
    }
  }

  #say(text: string): void {
    this.characters += text.length;
    if (this.opening.length < mostOpening) this.opening += text.slice(0, mostOpening - this.opening.length);
    this.#end.push(text.slice(-mostText));
    if (this.#end.length > 16) this.#end = [this.end];
  }
}

/** The fields that contain texts in the formats; the first is visited last. */
const spokenFields = ['parts', 'content', 'text'] as const;
const mediaFields = [
  'image_url',
  'input_audio',
  'source',
  'inlineData',
  'inline_data',
  'fileData',
  'file',
] as const;

function turnsOf({ messages, contents, input }: JsonObject): readonly (JsonValue | undefined)[] {
  const turns = messages ?? contents ?? input;
  return Array.isArray(turns) ? turns : [turns];
}

const isGiven = (value: JsonValue | undefined): boolean => value !== undefined && value !== null;

function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
