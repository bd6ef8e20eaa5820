import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { Fields } from '../fields.js';
import { originOf } from '../foreign-signature.js';
import type { MediaPart, Part, TextPart, Turn } from '../neutral-request.js';
import { notTranslatableError, notValidError } from '../not-translatable.js';
import { takeCacheControl } from './take-cache-control.js';

/** Reads the content of a message. */
export function readBlocks(message: Fields, role: Turn['role']): Part[] {
  const content = message.take('content');
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
  if (!Array.isArray(content)) throw notValidError(message.param('content'), 'a string or an array', content);
  return content.map((one, index) => {
    const block = Fields.of(one, `${message.param('content')}[${index}]`);
    const part = readBlock(block);
    const isOfUser = part.kind === 'image' || part.kind === 'document' || part.kind === 'result';
    if (part.kind !== 'text' && isOfUser !== (role === 'user')) {
      throw notTranslatableError(block.path, `it cannot stand in a message of the ${role}`);
    }
    return part;
  });
}

/** Reads a text, or blocks of text and media. */
export function readContent(value: JsonValue, param: string): (TextPart | MediaPart)[] {
  if (typeof value === 'string') return [{ kind: 'text', text: value }];
  if (!Array.isArray(value)) throw notValidError(param, 'a string or an array', value);
  return value.map((one, index) => {
    const block = Fields.of(one, `${param}[${index}]`);
    const part = readBlock(block);
    if (part.kind === 'text' || part.kind === 'image' || part.kind === 'document') return part;
    throw notTranslatableError(block.path, 'only text, images and documents are allowed here');
  });
}

/** A part that has to be text. */
export function textOnly(part: TextPart | MediaPart): TextPart {
  if (part.kind === 'text') return part;
  throw notTranslatableError(part.param, 'only text is allowed here');
}

function readBlock(block: Fields): Part {
  const type = block.word('type');
  takeCacheControl(block);
  const part = Object.hasOwn(readers, type) ? readers[type]?.(block) : undefined;
  if (!part) throw notTranslatableError(block.param('type'), 'blocks of this type cannot be translated');
  block.refuseRest();
  return part;
}

const readers: Readonly<Record<string, (block: Fields) => Part>> = {
  text: (block) => {
    const citations = block.list('citations');
    if (citations && citations.length > 0)
      throw notTranslatableError(block.param('citations'), 'they cannot be handed back');
    return { kind: 'text', text: block.word('text') };
  },
  image: (block) => mediaOf(block, 'image'),
  document: (block) => {
    const name = block.text('title');
    const citations = block.fields('citations');
    citations?.only('enabled', [false], 'the provider that answers cites nothing');
    citations?.refuseRest();
    return { ...mediaOf(block, 'document'), name };
  },
  tool_use: (block) => {
    const caller = block.fields('caller');
    caller?.only('type', ['direct'], 'only calls by the model itself can be translated');
    caller?.refuseRest();
    const args: JsonObject = block.json('input') ?? {};
    return { kind: 'call', param: block.path, id: block.word('id'), name: block.word('name'), args };
  },
  tool_result: (block) => {
    const content = block.take('content');
    return {
      kind: 'result',
      param: block.path,
      id: block.word('tool_use_id'),
      content: content === undefined ? [] : readContent(content, block.param('content')),
      failed: block.flag('is_error') ?? false,
    };
  },
  thinking: (block) => ({
    kind: 'thought',
    param: block.path,
    text: block.word('thinking'),
    ...originOf('anthropic', block.text('signature')),
  }),
  redacted_thinking: (block) => ({
    kind: 'thought',
    param: block.path,
    text: '',
    origin: 'anthropic',
    redacted: block.word('data'),
  }),
};

function mediaOf(block: Fields, kind: MediaPart['kind']): MediaPart {
  const source = Fields.of(block.take('source'), block.param('source'));
  const type = source.word('type');
  const media: MediaPart =
    type === 'url'
      ? { kind, param: source.param('url'), url: source.word('url') }
      : { kind, param: source.path, mediaType: source.word('media_type'), data: source.word('data') };
  const fits =
    kind === 'image' ? media.mediaType?.startsWith('image/') : media.mediaType === 'application/pdf';
  if ((type !== 'url' && type !== 'base64') || (type === 'base64' && !fits)) {
    throw notTranslatableError(source.path, 'only images and PDFs, in base64 or by URL, can be translated');
  }
  source.refuseRest();
  return media;
}
