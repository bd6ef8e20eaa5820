import { Answer, eventText, type StreamEnd } from '../answer/answer.js';
import { addOutputOf, hasMember, wireKey } from '../answer/json-text.js';
import { type Fields, fieldsOf, type ReportedUsage } from '../answer/reported-usage.js';
import { responsesUsage, toolRequestsIn } from './usage.js';

const delta = wireKey('delta');
const response = wireKey('response');
const error = wireKey('error');

const lastEvents: ReadonlySet<unknown> = new Set([
  'response.completed',
  'response.incomplete',
  'response.failed',
]);

/** Reads responses of OpenAI's responses API. */
export class ResponsesAnswer extends Answer {
  /** The response as it was created: a graceful end repeats it. */
  #head: Fields = {};

  isOfInterest(text: string): boolean {
    // A response object repeats the client's tools, which may have a member named `delta`.
    if (hasMember(text, response)) return true;
    return addOutputOf(text, delta, this) === 0 && hasMember(text, error);
  }

  event(event: Fields): boolean {
    if (event.type === 'error' || event.type === 'response.failed') this.failed = true;
    const response = fieldsOf(event.response);
    this.name(response);
    this.says(response.usage);
    if (event.type === 'response.created') this.#head = response;
    if (lastEvents.has(event.type)) {
      this.uses(toolRequestsIn(response.output));
      this.finished = true;
    }
    return false;
  }

  override body(body: Fields): void {
    super.body(body);
    this.uses(toolRequestsIn(body.output));
  }

  protected usageOf(usage: Fields): ReportedUsage {
    return responsesUsage(usage);
  }

  protected outputOf({ output }: Fields): unknown {
    return output;
  }

  ending(end: StreamEnd): string {
    const { inputTokens, outputTokens } = end.usage;
    const response = {
      output: [],
      ...this.#head,
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      usage: {
        input_tokens: inputTokens,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: outputTokens,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: inputTokens + outputTokens,
      },
    };
    const type = 'response.incomplete';
    const last = /"sequence_number":\s*(\d{1,12})/.exec(end.lastEvent)?.[1];
    const sequence_number = last === undefined ? 0 : Number(last) + 1;
    return eventText({ type, sequence_number, response, tollgate: { code: end.code } }, type);
  }
}

/** Why a response ended. In a stream only its last event holds the response as it ended. */
export function responsesEndsIn(event: Fields): readonly unknown[] {
  if (event.type === undefined || event.object === 'response') return [event.status];
  return lastEvents.has(event.type) ? [fieldsOf(event.response).status] : [];
}
