import { Fields } from '../fields.js';
import { originOf } from '../foreign-signature.js';
import type { MediaPart, Part, TextPart, Turn } from '../neutral-request.js';
import { notTranslatableError, notValidError } from '../not-translatable.js';
import { parsedArguments } from '../openai/call-arguments.js';
import { imageOf, pdfOf } from '../openai/data-url.js';
import { takeBreakpoint } from '../openai/read-common.js';

/** Whose an item is. Neighbours of the assistant's are one turn, and so are neighbouring results. */
type Place = 'system' | 'user' | 'assistant' | 'results';

interface Item {
  readonly place: Place;
  readonly parts: readonly Part[];
}

/** Reads the input of a response: the leading messages of the system, then the turns. */
export function readItems(fields: Fields): { system: TextPart[]; turns: Turn[] } {
  const value = fields.take('input');
  if (typeof value === 'string') {
    return { system: [], turns: [{ role: 'user', parts: [{ kind: 'text', text: value }] }] };
  }
  if (!Array.isArray(value)) throw notValidError('input', 'a string or an array', value);
  const system: TextPart[] = [];
  const turns: { place: Place; parts: Part[] }[] = [];
  for (const [index, one] of value.entries()) {
    const fields = Fields.of(one, `input[${index}]`);
    const { place, parts } = readItem(fields);
    const last = turns.at(-1);
    if (place === 'system') {
      if (last) throw notTranslatableError(fields.param('role'), 'it is only allowed before the others');
      system.push(...parts.filter((part) => part.kind === 'text'));
    } else if (last?.place === place && place !== 'user') last.parts.push(...parts);
    else turns.push({ place, parts: [...parts] });
  }
  return {
    system,
    turns: turns.map(({ place, parts }) => ({ role: place === 'assistant' ? place : 'user', parts })),
  };
}

function readItem(item: Fields): Item {
  const type = item.text('type') ?? 'message';
  const read = Object.hasOwn(readers, type) ? readers[type]?.(item) : undefined;
  if (!read) throw notTranslatableError(item.param('type'), 'items of this type cannot be translated');
  // Generated ids, and the status of the response that an item comes from: neither is sent to a model.
  item.text('id');
  item.text('status');
  item.refuseRest();
  return read;
}

const readers: Readonly<Record<string, (item: Fields) => Item>> = {
  message: (item) => {
    const role = item.word('role');
    if (role === 'user') return { place: 'user', parts: contentOf(item, 'content', asked) };
    if (role === 'assistant') return { place: role, parts: contentOf(item, 'content', said) };
    if (role !== 'system' && role !== 'developer')
      throw notValidError(item.param('role'), 'user, assistant, system or developer', role);
    const parts = contentOf(item, 'content', { input_text: textOf });
    return { place: 'system', parts };
  },
  function_call: (item) => {
    takeCaller(item);
    const call = { id: item.word('call_id'), name: item.word('name') };
    const args = parsedArguments(item.word('arguments'), item.param('arguments'));
    return { place: 'assistant', parts: [{ kind: 'call', param: item.path, ...call, args }] };
  },
  function_call_output: (item) => {
    takeCaller(item);
    const id = item.word('call_id');
    const content = contentOf(item, 'output', asked);
    return { place: 'results', parts: [{ kind: 'result', param: item.path, id, content, failed: false }] };
  },
  reasoning: (item) => {
    const texts = ['summary', 'content'].flatMap((name) => item.each(name).map(thoughtOf));
    const signed = originOf('openai', item.text('encrypted_content'));
    const thought = { kind: 'thought', param: item.path, text: texts.join('\n\n'), ...signed } as const;
    return { place: 'assistant', parts: [thought] };
  },
};

type Readers = Readonly<Record<string, (part: Fields) => TextPart | MediaPart>>;

function contentOf(item: Fields, name: string, kinds: Readers): (TextPart | MediaPart)[] {
  const content = item.take(name);
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
  if (!Array.isArray(content)) throw notValidError(item.param(name), 'a string or an array', content);
  return content.map((one, index) => {
    const part = Fields.of(one, `${item.param(name)}[${index}]`);
    const type = part.word('type');
    takeBreakpoint(part);
    const read = Object.hasOwn(kinds, type) ? kinds[type]?.(part) : undefined;
    if (!read)
      throw notTranslatableError(
        part.param('type'),
        `only ${Object.keys(kinds).join(', ')} can be translated`,
      );
    part.refuseRest();
    return read;
  });
}

const textOf = (part: Fields): TextPart => ({ kind: 'text', text: part.word('text') });

/** Items of a user, or a tool. */
const asked: Readers = {
  input_text: textOf,
  input_image: (part) => {
    const param = part.param('image_url');
    const detail = part.text('detail') ?? 'auto';
    const asked = detail === 'auto' ? undefined : { value: detail, param: part.param('detail') };
    const url = part.text('image_url');
    part.refuseRest('a file stored at OpenAI cannot be read by another provider');
    if (url === undefined) throw notValidError(param, 'a URL', undefined);
    return { kind: 'image', param, detail: asked, ...imageOf(url, param) };
  },
  input_file: (part) => {
    part.only(
      'detail',
      ['auto'],
      'the level of detail of files cannot be chosen with the provider that answers',
    );
    const name = part.text('filename');
    const url = part.text('file_url');
    const data = part.text('file_data');
    part.refuseRest('a file stored at OpenAI cannot be read by another provider');
    if (url !== undefined && data === undefined)
      return { kind: 'document', param: part.param('file_url'), name, url };
    const param = part.param('file_data');
    if (data === undefined) throw notValidError(param, 'a data URL of a PDF', undefined);
    if (url !== undefined) throw notTranslatableError(part.param('file_url'), 'file_data is another file');
    return { kind: 'document', param, name, ...pdfOf(data, param) };
  },
};

/** Items of the assistant. */
const said: Readers = {
  input_text: textOf,
  output_text: (part) => {
    for (const name of ['annotations', 'logprobs']) {
      if ((part.list(name) ?? []).length > 0)
        throw notTranslatableError(part.param(name), 'they cannot be handed back');
    }
    return textOf(part);
  },
};

function thoughtOf(part: Fields): string {
  const type = part.word('type');
  if (type !== 'summary_text' && type !== 'reasoning_text')
    throw notTranslatableError(part.param('type'), 'it is not known');
  const text = part.word('text');
  part.refuseRest();
  return text;
}

function takeCaller(item: Fields): void {
  const caller = item.fields('caller');
  caller?.only('type', ['direct'], 'only calls by the model itself can be translated');
  caller?.refuseRest();
}
