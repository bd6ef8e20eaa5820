import type { Invalid } from './answer.js';
import { countWords } from './input-tokens.js';
import { type Json, type JsonObject, stringOf } from './json.js';
import { invalid, isInvalid, readModel } from './read-request.js';
import type { RequestFacts } from './wire-format.js';
import { hashOf } from './words.js';

/** The parsed request for embeddings. */
export interface AskedEmbeddings {
  model: string;
  /** One per vector: text, or token ids as text. */
  inputs: string[];
  inputTokens: number;
  dimensions: number;
  base64: boolean;
}

const DEFAULT_DIMENSIONS = 8;

const isIds = (value: Json): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((id) => typeof id === 'number');

/** Reads the body of POST /v1/embeddings: `input` is a string, strings, token ids, or arrays of token ids. */
export function readOpenAiEmbeddings(body: JsonObject, facts: RequestFacts): AskedEmbeddings | Invalid {
  const model = readModel(body, facts.pathModel);
  if (isInvalid(model)) return model;
  const given = body.input;
  const items =
    given === undefined
      ? []
      : typeof given === 'string' || isIds(given)
        ? [given]
        : Array.isArray(given)
          ? given
          : [];
  const inputs: string[] = [];
  let inputTokens = 0;
  for (const item of items) {
    if (typeof item !== 'string' && !isIds(item)) return invalid("'$.input' is invalid.", 'input');
    inputTokens += typeof item === 'string' ? Math.max(1, countWords(item)) : item.length;
    inputs.push(typeof item === 'string' ? item : item.join(' '));
  }
  if (inputs.length === 0) return invalid("'$.input' is invalid.", 'input');
  const dimensions =
    typeof body.dimensions === 'number'
      ? Math.max(1, Math.min(4096, Math.floor(body.dimensions)))
      : DEFAULT_DIMENSIONS;
  return {
    model,
    inputs,
    inputTokens: Math.min(inputTokens, facts.bodyBytes),
    dimensions,
    base64: stringOf(body.encoding_format) === 'base64',
  };
}

/** A unit vector that depends only on the text. */
function vectorOf(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  let state = hashOf(text) | 1;
  let squares = 0;
  for (let index = 0; index < dimensions; index++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    const value = (state >>> 0) / 0xffffffff - 0.5;
    vector[index] = value;
    squares += value * value;
  }
  const length = Math.sqrt(squares) || 1;
  return vector.map((value) => value / length);
}

/** The body of an embeddings answer. */
export function openAiEmbeddingsJson(asked: AskedEmbeddings, usage: Json | undefined): JsonObject {
  const data = asked.inputs.map((text, index): JsonObject => {
    const vector = vectorOf(text, asked.dimensions);
    return {
      object: 'embedding',
      index,
      embedding: asked.base64 ? Buffer.from(vector.buffer).toString('base64') : [...vector],
    };
  });
  return { object: 'list', data, model: asked.model, ...(usage === undefined ? {} : { usage }) };
}
