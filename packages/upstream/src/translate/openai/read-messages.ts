import { Fields } from '../fields.js';
import type {
  CallPart,
  MediaPart,
  Part,
  ResultPart,
  TextPart,
  ThoughtPart,
  Turn,
} from '../neutral-request.js';
import { notTranslatableError, notValidError } from '../not-translatable.js';
import { parsedArguments } from './call-arguments.js';
import { imageOf, pdfOf } from './data-url.js';
import { takeBreakpoint } from './read-common.js';

/** Reads the messages of a chat completion: the leading ones of the system, then the turns. */
export function readMessages(messages: readonly Fields[]): { system: TextPart[]; turns: Turn[] } {
  const system: TextPart[] = [];
  const turns: { role: Turn['role']; parts: Part[]; results: boolean }[] = [];
  for (const message of messages) {
    const role = message.word('role');
    if (role === 'system' || role === 'developer') {
      if (turns.length > 0) {
        throw notTranslatableError(
          message.param('role'),
          `a ${role} message is only allowed before the others`,
        );
      }
      system.push(...textsOf(message));
    } else if (role === 'assistant') {
      turns.push({ role, parts: readAssistant(message), results: false });
    } else if (role === 'tool') {
      const last = turns.at(-1);
      const result = readResult(message);
      if (last?.results) last.parts.push(result);
      else turns.push({ role: 'user', parts: [result], results: true });
    } else if (role === 'user') {
      turns.push({ role, parts: contentOf(message), results: false });
    } else throw notValidError(message.param('role'), 'system, developer, user, assistant or tool', role);
    message.refuseRest();
  }
  return { system, turns: turns.map(({ role, parts }) => ({ role, parts })) };
}

function textsOf(message: Fields): TextPart[] {
  return contentOf(message).map((part) => {
    if (part.kind === 'text') return part;
    throw notTranslatableError(part.param, 'only text is allowed here');
  });
}

function contentOf(message: Fields): (TextPart | MediaPart)[] {
  const content = message.take('content');
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  if (!Array.isArray(content)) throw notValidError(message.param('content'), 'a string or an array', content);
  return content.map((part, index) => readPart(Fields.of(part, `${message.param('content')}[${index}]`)));
}

function readPart(part: Fields): TextPart | MediaPart {
  const type = part.word('type');
  takeBreakpoint(part);
  const read = Object.hasOwn(readers, type) ? readers[type]?.(part) : undefined;
  if (!read)
    throw notTranslatableError(part.param('type'), 'only text, image_url and file can be translated');
  part.refuseRest();
  return read;
}

const readers: Readonly<Record<string, (part: Fields) => TextPart | MediaPart>> = {
  text: (part) => ({ kind: 'text', text: part.word('text') }),
  image_url: (part) => {
    const image = Fields.of(part.take('image_url'), part.param('image_url'));
    const url = image.word('url');
    const detail = image.text('detail');
    image.refuseRest();
    const param = image.param('url');
    const asked =
      detail === undefined || detail === 'auto' ? undefined : { value: detail, param: image.param('detail') };
    return { kind: 'image', param, detail: asked, ...imageOf(url, param) };
  },
  file: (part) => {
    const file = Fields.of(part.take('file'), part.param('file'));
    const param = file.param('file_data');
    const data = file.word('file_data');
    const name = file.text('filename');
    file.refuseRest();
    return { kind: 'document', param, name, ...pdfOf(data, param) };
  },
};

function readAssistant(message: Fields): Part[] {
  const content = message.take('content');
  const texts =
    typeof content === 'string'
      ? content === ''
        ? []
        : [{ kind: 'text', text: content } as const]
      : content === undefined
        ? []
        : textsOf(new Fields({ content }, message.path));
  const calls = message.each('tool_calls').map(readCall);
  const thoughts = readThoughts(message);
  // Names, audio and legacy calls are refused with the rest of the fields; an SDK hands back these two as they came.
  message.take('refusal') === undefined || refuseText(message);
  const annotations = message.list('annotations');
  if (annotations && annotations.length > 0)
    throw notTranslatableError(message.param('annotations'), 'they cannot be handed back');
  // Anthropic's thoughts come first; Gemini's signature belongs to the model's next part.
  const before = thoughts.filter(({ origin }) => origin !== 'gemini');
  const next = thoughts.filter(({ origin }) => origin === 'gemini');
  return [...before, ...texts, ...next, ...calls];
}

function refuseText(message: Fields): never {
  throw notTranslatableError(message.param('refusal'), 'a refusal is handed back as content');
}

function readCall(call: Fields): CallPart {
  if (call.word('type') !== 'function')
    throw notTranslatableError(call.param('type'), 'only functions can be translated');
  const id = call.word('id');
  const called = Fields.of(call.take('function'), call.param('function'));
  const name = called.word('name');
  const text = called.word('arguments');
  called.refuseRest();
  call.take('index');
  call.refuseRest();
  return { kind: 'call', param: call.path, id, name, args: parsedArguments(text, called.param('arguments')) };
}

function readResult(message: Fields): ResultPart {
  const id = message.word('tool_call_id');
  return { kind: 'result', param: message.path, id, content: textsOf(message), failed: false };
}

/** As our own answers hand them out: `reasoning_details` with signatures; `reasoning_content` repeats their text. */
function readThoughts(message: Fields): ThoughtPart[] {
  const plain = message.text('reasoning_content');
  const details = message.each('reasoning_details').map((detail): ThoughtPart => {
    const type = detail.word('type');
    const format = detail.text('format');
    const origin =
      format === 'google-gemini-v1' ? 'gemini' : format === 'anthropic-claude-v1' ? 'anthropic' : 'openai';
    const common = { kind: 'thought', param: detail.path, origin } as const;
    detail.take('index');
    if (type === 'reasoning.encrypted') return { ...common, text: '', redacted: detail.word('data') };
    if (type !== 'reasoning.text') throw notTranslatableError(detail.param('type'), 'it is not known');
    const read = { ...common, text: detail.text('text') ?? '', signature: detail.text('signature') };
    detail.refuseRest();
    return read;
  });
  if (details.length > 0 || plain === undefined || plain === '') return details;
  return [{ kind: 'thought', param: message.param('reasoning_content'), text: plain, origin: 'openai' }];
}
