import { Answer, eventText, type StreamEnd } from '../answer/answer.js';
import { addOutputOf, hasMember, saysMember, wireKey } from '../answer/json-text.js';
import { type Fields, fieldsOf, type ReportedUsage } from '../answer/reported-usage.js';
import { anthropicUsage, mergeAnthropicUsage } from './usage.js';

const usage = wireKey('usage');
const blockDelta = wireKey('content_block_delta');
const delta = wireKey('delta');

/** Reads messages of Anthropic's. */
export class MessagesAnswer extends Answer {
  /** Indexes of content blocks that are open: a graceful end closes them. */
  readonly #openBlocks = new Set<number>();
  /** Usage of all events so far. */
  #cumulative: Fields | undefined;

  isOfInterest(text: string): boolean {
    if (saysMember(text, usage)) return true;
    if (!hasMember(text, blockDelta)) return true;
    addOutputOf(text, delta, this);
    return false;
  }

  event(event: Fields): boolean {
    const message = fieldsOf(event.message);
    if (event.type === 'error') this.failed = true;
    if (event.type === 'message_start') this.name(message);
    if (event.type === 'content_block_start') this.#openBlocks.add(Number(event.index));
    if (event.type === 'content_block_stop') this.#openBlocks.delete(Number(event.index));
    if (event.type === 'message_start' || event.type === 'message_delta') {
      const said = fieldsOf(event.type === 'message_start' ? message.usage : event.usage);
      this.#cumulative = mergeAnthropicUsage(this.#cumulative, said);
      if (Object.keys(this.#cumulative).length > 0) this.says(this.#cumulative);
      if (typeof fieldsOf(event.delta).stop_reason === 'string') this.finished = true;
    }
    if (event.type === 'message_stop') this.finished = true;
    return false;
  }

  protected usageOf(usage: Fields): ReportedUsage {
    return anthropicUsage(usage);
  }

  protected outputOf({ content }: Fields): unknown {
    return content;
  }

  ending(end: StreamEnd): string {
    const stops = [...this.#openBlocks]
      .sort((a, b) => a - b)
      .map((index) => eventText({ type: 'content_block_stop', index }, 'content_block_stop'));
    const delta = { stop_reason: 'max_tokens', stop_sequence: null };
    const usage = { output_tokens: end.usage.outputTokens };
    return [
      ...stops,
      eventText({ type: 'message_delta', delta, usage, tollgate: { code: end.code } }, 'message_delta'),
      eventText({ type: 'message_stop' }, 'message_stop'),
    ].join('');
  }
}

/** Why a message ended. */
export const messagesEndsIn = (event: Fields): readonly unknown[] => [
  event.stop_reason,
  fieldsOf(event.delta).stop_reason,
];
