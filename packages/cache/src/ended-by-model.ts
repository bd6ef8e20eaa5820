import type { WireApi } from '@tollgate/core/internal';
import { formatOf } from '@tollgate/wire';
import { type Fields, fieldsOf } from '@tollgate/wire/internal';

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
  const { hasOutput, lastEvent, endsIn } = formatOf(api);
  if (!hasOutput) return true;
  if (stream && lastEvent?.test(text) === false) return false;
  const ends = events.flatMap(endsIn).filter((end) => end !== undefined && end !== null);
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

const listIn = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);
