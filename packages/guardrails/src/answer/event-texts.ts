/** A piece of text in an event of a stream: pieces of one lane follow each other. */
export interface EventText {
  /** Which text it belongs to: a choice, a content block, the arguments of a tool call. */
  readonly lane: string;
  readonly text: string;
  replace(text: string): void;
}

/** What an event says. */
export interface ReadEvent {
  readonly texts: readonly EventText[];
  /** Lanes that end with it; `all`: every one. */
  readonly ends: readonly string[] | 'all';
  /** It repeats whole texts that have passed in pieces (OpenAI responses): looked at as a whole. */
  readonly repeats: boolean;
}

type Members = Record<string, unknown>;

const nothing: ReadEvent = { texts: [], ends: [], repeats: false };

/** Reads an event of OpenAI chat or responses, Anthropic messages or Gemini; of others, and of those without text, nothing. */
export function readEvent(event: unknown): ReadEvent {
  const members = membersOf(event);
  if (Array.isArray(members.choices)) return chatEvent(members.choices);
  if (Array.isArray(members.candidates)) return geminiEvent(members.candidates);
  const { type } = members;
  if (typeof type !== 'string') return nothing;
  if (type === 'content_block_delta') return blockDelta(members);
  if (type === 'content_block_stop') return { ...nothing, ends: [`block ${String(members.index)}`] };
  if (type === 'message_stop' || type === 'message_delta') return { ...nothing, ends: 'all' };
  return type.startsWith('response.') ? responsesEvent(type, members) : nothing;
}

function chatEvent(choices: readonly unknown[]): ReadEvent {
  const texts: EventText[] = [];
  const ends: string[] = [];
  for (const choice of choices.map(membersOf)) {
    const index = String(choice.index ?? 0);
    const delta = membersOf(choice.delta);
    for (const name of ['content', 'refusal', 'reasoning', 'reasoning_content']) {
      addText(texts, delta, name, `choice ${index} ${name}`);
    }
    for (const call of listOf(delta.tool_calls)) {
      addText(
        texts,
        membersOf(call.function),
        'arguments',
        `choice ${index} tool ${String(call.index ?? 0)}`,
      );
    }
    if (choice.finish_reason !== null && choice.finish_reason !== undefined) ends.push(`choice ${index}`);
  }
  return { texts, ends, repeats: false };
}

function geminiEvent(candidates: readonly unknown[]): ReadEvent {
  const texts: EventText[] = [];
  const ends: string[] = [];
  for (const candidate of candidates.map(membersOf)) {
    const index = String(candidate.index ?? 0);
    for (const part of listOf(membersOf(candidate.content).parts)) {
      addText(texts, part, 'text', `candidate ${index}${part.thought === true ? ' thought' : ''}`);
    }
    if (candidate.finishReason !== undefined) ends.push(`candidate ${index}`);
  }
  return { texts, ends, repeats: false };
}

function blockDelta(members: Members): ReadEvent {
  const texts: EventText[] = [];
  const delta = membersOf(members.delta);
  for (const name of ['text', 'thinking', 'partial_json'])
    addText(texts, delta, name, `block ${String(members.index)}`);
  return { ...nothing, texts };
}

function responsesEvent(type: string, members: Members): ReadEvent {
  const lane = `item ${String(members.item_id)} ${String(members.content_index ?? members.summary_index ?? 0)}`;
  if (type.endsWith('.delta')) {
    const texts: EventText[] = [];
    addText(texts, members, 'delta', lane);
    return { ...nothing, texts };
  }
  if (/\.(?:completed|incomplete|failed)$/.test(type)) return { ...nothing, ends: 'all', repeats: true };
  return type.endsWith('.done') ? { ...nothing, ends: [lane], repeats: true } : nothing;
}

function addText(texts: EventText[], within: Members, name: string, lane: string): void {
  const text = within[name];
  if (typeof text !== 'string' || text === '') return;
  texts.push({
    lane,
    text,
    replace: (instead) => {
      within[name] = instead;
    },
  });
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}

function listOf(value: unknown): Members[] {
  return Array.isArray(value) ? value.map(membersOf) : [];
}
