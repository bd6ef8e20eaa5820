import { Answer, eventText, listIn, type StreamEnd } from '../answer/answer.js';
import { addOutputOf, saysMember, wireKey } from '../answer/json-text.js';
import type { Fields, ReportedUsage } from '../answer/reported-usage.js';
import { chatUsage } from './usage.js';

const delta = wireKey('delta');
const usage = wireKey('usage');
const finishReason = wireKey('finish_reason');

/** An event with more output than this holds sound, an image or something encrypted, which are fewer tokens than they seem. */
const mostTextBytes = 1024;

/** Reads chat completions. */
export class ChatAnswer extends Answer {
  /** The first event with an id: a graceful end repeats its `id` and `created`. */
  #head: Fields = {};
  /** Indexes of choices that have finished. */
  readonly #finished = new Set<number>();

  isOfInterest(text: string): boolean {
    const output = addOutputOf(text, delta, this);
    if (output > 0 && output <= mostTextBytes) {
      this.textEvents += 1;
      this.textBytes += output;
    }
    if (output === 0 || this.model === undefined) return true;
    return saysMember(text, usage) || saysMember(text, finishReason);
  }

  event(event: Fields): boolean {
    this.failIf(event.error);
    this.name(event);
    if (typeof event.id === 'string' && event.id !== '' && this.#head.id === undefined) this.#head = event;
    const said = this.says(event.usage);
    const choices = listIn(event.choices);
    for (const choice of choices) {
      if (typeof choice.finish_reason === 'string') this.#finished.add(Number(choice.index ?? 0));
    }
    if (this.#finished.size >= this.answers) this.finished = true;
    return said && Array.isArray(event.choices) && choices.length === 0 && !this.failed;
  }

  protected usageOf(usage: Fields): ReportedUsage {
    return chatUsage(usage);
  }

  protected outputOf({ choices }: Fields): unknown {
    return listIn(choices).map(({ message }) => message);
  }

  ending(end: StreamEnd): string {
    const { id = 'chatcmpl-stopped', created = 0, model = this.model ?? '' } = this.#head;
    const chunk = { id, object: 'chat.completion.chunk', created, model };
    const choices = Array.from({ length: this.answers }, (_, index) => index)
      .filter((index) => !this.#finished.has(index))
      .map((index) => ({ index, delta: {}, logprobs: null, finish_reason: 'length' }));
    const { inputTokens, outputTokens } = end.usage;
    const usage = {
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
    };
    const last = eventText({
      ...chunk,
      choices,
      ...(end.withUsage && { usage: null }),
      tollgate: { code: end.code },
    });
    const counts = end.withUsage ? eventText({ ...chunk, choices: [], usage }) : '';
    return `${last}${counts}data: [DONE]\n\n`;
  }
}

/** Why the choices of an event, or of a whole answer, ended. */
export const chatEndsIn = (event: Fields): readonly unknown[] =>
  listIn(event.choices).map(({ finish_reason: reason }) => reason);
