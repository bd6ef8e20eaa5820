/** A piece of text in an event of a stream: pieces of one lane follow each other. */
export interface EventText {
  /** Which text it belongs to: a choice, a content block, the arguments of a tool call. */
  readonly lane: string;
  readonly text: string;
  replace(text: string): void;
}

/** The texts of an event. */
export interface ReadEvent {
  readonly texts: readonly EventText[];
  /** Lanes that end with it; `all`: every one. */
  readonly ends: readonly string[] | 'all';
  /** It contains whole texts, which may have passed in pieces before (OpenAI responses): inspected as a whole. */
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
  if (type === 'content_block_start') return { ...nothing, repeats: true };
  if (type === 'content_block_stop') return { ...nothing, ends: [`block ${String(members.index)}`] };
  if (type === 'message_stop' || type === 'message_delta') return { ...nothing, ends: 'all' };
  return type.startsWith('response.') ? responsesEvent(type, members) : nothing;
}

function chatEvent(choices: readonly unknown[]): ReadEvent {
  const texts: EventText[] = [];
  const ends: string[] = [];
  for (const choice of choices.map(membersOf)) {
    const index = String(choice.index ?? 0);
    addTexts(texts, membersOf(choice.delta), `choice ${index}`);
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
      const thought = part.thought === true ? ' thought' : '';
      if (typeof part.text === 'string') addText(texts, part, 'text', `candidate ${index}${thought}`);
      else addTexts(texts, part, `candidate ${index} part`);
    }
    if (candidate.finishReason !== undefined) ends.push(`candidate ${index}`);
  }
  return { texts, ends, repeats: false };
}

function blockDelta(members: Members): ReadEvent {
  const texts: EventText[] = [];
  addTexts(texts, membersOf(members.delta), `block ${String(members.index)}`);
  return { ...nothing, texts };
}

function responsesEvent(type: string, members: Members): ReadEvent {
  const lane = `item ${String(members.item_id)} ${String(members.content_index ?? members.summary_index ?? 0)}`;
  if (type.endsWith('.delta')) {
    const texts: EventText[] = [];
    addText(texts, members, 'delta', lane);
    addTexts(texts, membersOf(members.delta), lane);
    return { ...nothing, texts };
  }
  if (/\.(?:completed|incomplete|failed)$/.test(type)) return { ...nothing, ends: 'all', repeats: true };
  return { ...nothing, ends: type.endsWith('.done') ? [lane] : [], repeats: true };
}

/** Members that contain names, not text. */
const names = new Set([
  'role',
  'type',
  'id',
  'call_id',
  'object',
  'name',
  'signature',
  'encrypted_content',
  'data',
]);

/** Adds every text below, each on a separate lane: content, refusals, reasoning, arguments of calls, transcripts, citations. */
function addTexts(texts: EventText[], within: Members, lane: string): void {
  for (const name of Object.keys(within)) {
    if (names.has(name)) continue;
    const value = within[name];
    if (typeof value === 'string') addText(texts, within, name, `${lane} ${name}`);
    else if (Array.isArray(value)) {
      for (const [index, one] of value.entries()) {
        if (typeof one === 'string') addElement(texts, value, index, `${lane} ${name} ${index}`);
        else addTexts(texts, membersOf(one), `${lane} ${name} ${String(membersOf(one).index ?? index)}`);
      }
    } else addTexts(texts, membersOf(value), `${lane} ${name}`);
  }
}

function addElement(texts: EventText[], list: unknown[], index: number, lane: string): void {
  const replace = (instead: string): void => {
    list[index] = instead;
  };
  texts.push({ lane, text: String(list[index]), replace });
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
