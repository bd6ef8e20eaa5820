import { Answer, eventText, listIn, type StreamEnd } from '../answer/answer.js';
import { addOutputOf, wireKey } from '../answer/json-text.js';
import { type Fields, fieldsOf, type ReportedUsage } from '../answer/reported-usage.js';
import { geminiToolRequests, geminiUsage } from './usage.js';

const text = wireKey('text');

/** Reads responses of Gemini's generateContent and streamGenerateContent. */
export class GenerateAnswer extends Answer {
  /** The fields that every event repeats. */
  #head: Fields = {};
  /** Indexes of candidates that have finished. */
  readonly #finished = new Set<number>();

  isOfInterest(event: string): boolean {
    addOutputOf(event, text, this);
    return true;
  }

  event(event: Fields): boolean {
    this.failIf(event.error);
    this.name(event);
    this.says(event.usageMetadata);
    this.uses(geminiToolRequests(event));
    this.#head = { modelVersion: event.modelVersion, responseId: event.responseId };
    for (const candidate of listIn(event.candidates)) {
      if (typeof candidate.finishReason === 'string') this.#finished.add(Number(candidate.index ?? 0));
    }
    if (this.#finished.size >= this.answers) this.finished = true;
    if (fieldsOf(event.promptFeedback).blockReason !== undefined) this.finished = true;
    return false;
  }

  override body(body: Fields): void {
    super.body(body);
    this.uses(geminiToolRequests(body));
  }

  override get usageMember(): string {
    return 'usageMetadata';
  }

  protected usageOf(usage: Fields): ReportedUsage {
    return geminiUsage(usage);
  }

  protected outputOf({ candidates }: Fields): unknown {
    return listIn(candidates).map(({ content }) => content);
  }

  ending(end: StreamEnd): string {
    const { inputTokens, outputTokens } = end.usage;
    const candidates = Array.from({ length: this.answers }, (_, index) => index)
      .filter((index) => !this.#finished.has(index))
      .map((index) => ({
        content: { parts: [{ text: '' }], role: 'model' },
        finishReason: 'MAX_TOKENS',
        index,
      }));
    const usageMetadata = {
      promptTokenCount: inputTokens,
      candidatesTokenCount: outputTokens,
      totalTokenCount: inputTokens + outputTokens,
    };
    return eventText({ candidates, usageMetadata, ...this.#head, tollgate: { code: end.code } });
  }
}

/** Why the candidates of an event, or of a whole answer, ended. */
export const generateEndsIn = (event: Fields): readonly unknown[] =>
  listIn(event.candidates).map(({ finishReason }) => finishReason);
