import type { JsonObject, JsonValue } from '@tollgate/core/internal';

/** Filters a provider's list of models: keeps its bytes until it is complete, then removes the models that are not allowed. */
export class ModelList {
  readonly #parts: Uint8Array[] = [];
  #status = 0;

  /** `allows` is asked with a model's name as a call would state it. */
  constructor(private readonly allows: (model: string) => boolean) {}

  begin(status: number): void {
    this.#status = status;
  }

  push(chunk: Uint8Array): void {
    this.#parts.push(chunk);
  }

  /** The body to answer: an error as the provider wrote it. Throws where a list is no JSON. */
  end(): Uint8Array {
    const bytes = Buffer.concat(this.#parts);
    this.#parts.length = 0;
    if (this.#status >= 400 || bytes.length === 0) return bytes;
    return Buffer.from(JSON.stringify(allowedOf(JSON.parse(bytes.toString('utf8')), this.allows)));
  }
}

/** OpenAI's and Anthropic's `data`, of models by `id`; Gemini's `models`, by `name`. The list is the whole one: there is no next page. */
function allowedOf(list: JsonValue, allows: (model: string) => boolean): JsonValue {
  if (!isObject(list)) return list;
  const isAllowed = (model: JsonValue): boolean => {
    const name = isObject(model) ? (model.id ?? model.name) : undefined;
    return typeof name === 'string' && allows(name.replace(/^models\//, ''));
  };
  if (Array.isArray(list.models)) {
    const { nextPageToken: _, ...rest } = list;
    return { ...rest, models: list.models.filter(isAllowed) };
  }
  if (!Array.isArray(list.data)) return list;
  const data = list.data.filter(isAllowed);
  if (!('has_more' in list)) return { ...list, data };
  return { ...list, data, has_more: false, first_id: idOf(data[0]), last_id: idOf(data.at(-1)) };
}

function idOf(model: JsonValue | undefined): JsonValue {
  return isObject(model) ? (model.id ?? null) : null;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
