import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import type { AnswerError, AnswerEvent, AnswerUsage, Finish } from '../answer-event.js';
import type { AnswerWriter } from '../answer-reader.js';
import { markedRedacted, markedSignature } from '../foreign-signature.js';
import { json } from '../json.js';

const reasons: Readonly<Record<Finish, string>> = {
  stop: 'STOP',
  sequence: 'STOP',
  calls: 'STOP',
  length: 'MAX_TOKENS',
  filter: 'SAFETY',
};

/** `error.status` by HTTP status (google.rpc.Code). */
const statuses: Readonly<Record<number, string>> = {
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
  529: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** Writes responses in Gemini's format. Its tool calls are sent complete, so arguments are kept until then; a call cut off by the cap is left out. */
export class GeminiAnswerWriter implements AnswerWriter {
  #head: JsonObject = {};
  #usage: AnswerUsage | undefined;
  #call: { id: string; name: string; args: string } | undefined;
  #signature: string | undefined;
  #finish: Extract<AnswerEvent, { type: 'finish' }> | undefined;

  whole(events: readonly AnswerEvent[]): JsonObject {
    const parts: JsonObject[] = [];
    for (const part of events.flatMap((event) => this.#parts(event))) {
      const last = parts.at(-1);
      const joins = last?.text !== undefined && part.text !== undefined && last.thought === part.thought;
      if (joins && part.thoughtSignature === undefined) last.text = `${last.text}${part.text}`;
      else parts.push(part);
    }
    return this.#chunk(parts, true);
  }

  event(event: AnswerEvent): string {
    if (event.type === 'error') return eventOf(this.error(event.error));
    const parts = this.#parts(event);
    if (event.type === 'end') return eventOf(this.#chunk(parts, true));
    return parts.length === 0 ? '' : eventOf(this.#chunk(parts, false));
  }

  error({ message, status, code }: AnswerError): JsonObject {
    const name = statuses[status] ?? (status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT');
    const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code ?? '' };
    return { error: { code: status, message, status: name, ...(code !== undefined && { details: [info] }) } };
  }

  /** The parts that an event completes. */
  #parts(event: AnswerEvent): JsonObject[] {
    switch (event.type) {
      case 'start':
        this.#head = { modelVersion: event.model, responseId: event.id };
        return [];
      case 'text':
        return [...this.#called(), this.#signed({ text: event.text })];
      case 'thought':
        return [...this.#called(), { text: event.text, thought: true }];
      case 'signature':
        this.#signature = markedSignature('gemini', event.signature, event.origin);
        return [];
      case 'redacted':
        return [...this.#called(), { text: '', thoughtSignature: markedRedacted(event.data) }];
      case 'call': {
        const before = this.#called();
        this.#call = { id: event.id, name: event.name, args: '' };
        return before;
      }
      case 'arguments':
        if (this.#call) this.#call.args += event.json;
        return [];
      case 'usage':
        this.#usage = event.usage;
        return [];
      case 'finish':
        this.#finish = event;
        return this.#called();
      case 'end':
        return this.#signature === undefined ? [] : [this.#signed({ text: '' })];
      default:
        return [];
    }
  }

  #called(): JsonObject[] {
    if (!this.#call) return [];
    const { id, name, args } = this.#call;
    this.#call = undefined;
    return [this.#signed({ functionCall: { id, name, args: argumentsOf(args) } })];
  }

  #signed(part: JsonObject): JsonObject {
    const signature = this.#signature;
    this.#signature = undefined;
    return signature === undefined ? part : { ...part, thoughtSignature: signature };
  }

  #chunk(parts: JsonObject[], last: boolean): JsonObject {
    const { reason, tollgate } = this.#finish ?? {};
    const candidate: JsonObject = { content: { parts, role: 'model' }, index: 0 };
    if (last && reason) candidate.finishReason = reasons[reason];
    const chunk: JsonObject = { candidates: [candidate], ...this.#head };
    if (this.#usage) chunk.usageMetadata = usageOf(this.#usage);
    if (last && tollgate !== undefined) chunk.tollgate = tollgate;
    return chunk;
  }
}

const eventOf = (data: JsonObject): string => `data: ${JSON.stringify(data)}\n\n`;

function argumentsOf(text: string): JsonObject {
  try {
    const value: JsonValue = JSON.parse(text);
    return json.object(value);
  } catch {
    return {};
  }
}

function usageOf({ input, cached, output, reasoning }: AnswerUsage): JsonObject {
  return {
    promptTokenCount: input,
    candidatesTokenCount: Math.max(0, output - reasoning),
    totalTokenCount: input + output,
    ...(cached > 0 && { cachedContentTokenCount: cached }),
    ...(reasoning > 0 && { thoughtsTokenCount: reasoning }),
  };
}
