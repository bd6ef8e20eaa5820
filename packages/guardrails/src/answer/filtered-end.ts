/** The shape of an answer, seen from its events or its body. */
export type AnswerShape = 'chat' | 'responses' | 'messages' | 'gemini' | 'unknown';

type Members = Record<string, unknown>;

/** Which provider's format an event or a body has. */
export function shapeOf(value: unknown): AnswerShape {
  const members = membersOf(value);
  if (Array.isArray(members.choices)) return 'chat';
  if (Array.isArray(members.candidates)) return 'gemini';
  const { type } = members;
  if (members.object === 'response' || (typeof type === 'string' && type.startsWith('response.')))
    return 'responses';
  const ofMessages = /^(?:message|message_(?:start|delta|stop)|content_block_(?:start|delta|stop))$/;
  return typeof type === 'string' && ofMessages.test(type) ? 'messages' : 'unknown';
}

/** Properties of a stream seen so far, for the events that end it. */
export interface StreamHead {
  readonly shape: AnswerShape;
  /** Members that every event repeats: `id`, `model`, `created`. */
  readonly common: Readonly<Record<string, unknown>>;
  /** Choices, candidates or content blocks that are open. */
  readonly open: readonly number[];
  /** OpenAI responses: the response as it was begun, and the number of its last event. */
  readonly response?: Readonly<Record<string, unknown>> | undefined;
  readonly sequence?: number | undefined;
}

/**
 * The events with which the provider's own content filter would end a stream, so that official SDKs finish without an error:
 * `finish_reason: "content_filter"`, `stop_reason: "refusal"`, `finishReason: "SAFETY"`, `response.incomplete`. That event carries
 * `"tollgate": { "code": "prompt_rejected" }` as well.
 */
export function filteredEnd({ shape, common, open, response, sequence = 0 }: StreamHead): string {
  const tollgate = { code: 'prompt_rejected' };
  const indexes = open.length === 0 ? [0] : open;
  if (shape === 'chat') {
    const choices = indexes.map((index) => ({
      index,
      delta: {},
      logprobs: null,
      finish_reason: 'content_filter',
    }));
    return `${event({ ...common, choices, tollgate })}data: [DONE]\n\n`;
  }
  if (shape === 'gemini') {
    const candidates = indexes.map((index) => ({
      content: { role: 'model', parts: [] },
      finishReason: 'SAFETY',
      index,
    }));
    return event({ ...common, candidates, tollgate });
  }
  if (shape === 'messages') {
    const stops = open.map((index) => event({ type: 'content_block_stop', index }, 'content_block_stop'));
    const delta = { stop_reason: 'refusal', stop_sequence: null };
    const last = event(
      { type: 'message_delta', delta, usage: { output_tokens: 0 }, tollgate },
      'message_delta',
    );
    return `${stops.join('')}${last}${event({ type: 'message_stop' }, 'message_stop')}`;
  }
  const incomplete = {
    ...response,
    output: [],
    status: 'incomplete',
    incomplete_details: { reason: 'content_filter' },
  };
  const type = 'response.incomplete';
  return event({ type, sequence_number: sequence + 1, response: incomplete, tollgate }, type);
}

/** A response in one piece without its text, as a content filter would leave it; its usage stays. */
export function filteredBody(body: unknown): unknown {
  const members = membersOf(body);
  const tollgate = { code: 'prompt_rejected' };
  switch (shapeOf(body)) {
    case 'chat': {
      const choices = (members.choices as unknown[]).map((choice, index) => ({
        index: membersOf(choice).index ?? index,
        message: { role: 'assistant', content: null, refusal: null },
        logprobs: null,
        finish_reason: 'content_filter',
      }));
      return { ...members, choices, tollgate };
    }
    case 'messages':
      return { ...members, content: [], stop_reason: 'refusal', stop_sequence: null, tollgate };
    case 'gemini': {
      const candidates = (members.candidates as unknown[]).map((candidate, index) => ({
        content: { role: 'model', parts: [] },
        finishReason: 'SAFETY',
        index: membersOf(candidate).index ?? index,
      }));
      return { ...members, candidates, tollgate };
    }
    case 'responses':
      return {
        ...members,
        output: [],
        status: 'incomplete',
        incomplete_details: { reason: 'content_filter' },
        tollgate,
      };
    default:
      return { error: { message: 'The answer was withheld.', type: 'api_error', param: null, ...tollgate } };
  }
}

const event = (data: object, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}
