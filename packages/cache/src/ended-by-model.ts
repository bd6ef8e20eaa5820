import type { WireApi } from '@tollgate/core/internal';

type Fields = Readonly<Record<string, unknown>>;

/** Reasons to stop that mean a complete response. A cap, a filter, a refusal or a pause do not. */
const reasons: ReadonlySet<unknown> = new Set([
  'stop',
  'tool_calls',
  'function_call',
  'end_turn',
  'stop_sequence',
  'tool_use',
  'completed',
  'STOP',
]);

/** Whether an answer is there to its last event, and every part of it was ended by the model itself. */
export function endedByModel(api: WireApi, stream: boolean, text: string): boolean {
  let events: readonly Fields[];
  try {
    events = stream ? eventsIn(text) : [fieldsOf(JSON.parse(text))];
  } catch {
    return false;
  }
  if (events.some(({ error }) => error !== undefined && error !== null)) return false;
  if (api === 'openai-embeddings') return true;
  if (stream && api === 'openai-chat' && !/^data: ?\[DONE\]\s*$/m.test(text)) return false;
  if (stream && api === 'anthropic-messages' && !events.some(({ type }) => type === 'message_stop'))
    return false;
  const ends = events
    .flatMap((event) => endsIn(api, event))
    .filter((end) => end !== undefined && end !== null);
  return ends.length > 0 && ends.every((end) => reasons.has(end));
}

/** Events by their data, or the members of an array (Gemini without `alt=sse`). Throws for text that is not JSON. */
function eventsIn(text: string): Fields[] {
  if (text.trimStart().startsWith('[')) {
    const all: unknown = JSON.parse(text);
    return listIn(all);
  }
  const events: Fields[] = [];
  for (const [, data = ''] of text.matchAll(/(?:^|[\r\n])data: ?([^\r\n]*)/g)) {
    if (data.trim() !== '[DONE]') events.push(fieldsOf(JSON.parse(data)));
  }
  return events;
}

function endsIn(api: WireApi, event: Fields): unknown[] {
  switch (api) {
    case 'openai-chat':
      return listIn(event.choices).map(({ finish_reason: reason }) => reason);
    case 'openai-responses':
      // In a stream only its last event holds the response as it ended.
      if (event.type === undefined || event.object === 'response') return [event.status];
      return /^response\.(?:completed|incomplete|failed)$/.test(String(event.type))
        ? [fieldsOf(event.response).status]
        : [];
    case 'anthropic-messages':
      return [event.stop_reason, fieldsOf(event.delta).stop_reason];
    default:
      return listIn(event.candidates).map(({ finishReason: reason }) => reason);
  }
}

const listIn = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};
