import type { Fields } from '../fields.js';
import { originOf } from '../foreign-signature.js';
import type { Part, Turn } from '../neutral-request.js';
import { notTranslatableError, notValidError } from '../not-translatable.js';

/** Calls that are not answered yet: Gemini's own need no ids, and are answered by name, in their order. */
type OpenCalls = { id: string; name: string }[];

/** Reads Gemini's contents. */
export function readContents(contents: readonly Fields[]): Turn[] {
  let open: OpenCalls = [];
  return contents.map((content, turn) => {
    const role = content.text('role') ?? 'user';
    if (role !== 'user' && role !== 'model')
      throw notValidError(content.param('role'), 'user or model', role);
    if (role === 'model') open = [];
    const parts = readParts(content.each('parts'), turn, open);
    content.refuseRest();
    const isOfUser = ({ kind }: Part): boolean =>
      kind === 'image' || kind === 'document' || kind === 'result';
    const stranger = parts.find((part) => part.kind !== 'text' && isOfUser(part) !== (role === 'user'));
    if (stranger && 'param' in stranger)
      throw notTranslatableError(stranger.param, `it cannot stand in a content of the ${role}`);
    return { role: role === 'user' ? 'user' : 'assistant', parts };
  });
}

function readParts(fields: readonly Fields[], turn: number, open: OpenCalls): Part[] {
  const parts: Part[] = [];
  let thought = '';
  const think = (param: string, signature?: string): void => {
    if (thought === '' && signature === undefined) return;
    parts.push({ kind: 'thought', param, text: thought, ...originOf('gemini', signature) });
    thought = '';
  };
  fields.forEach((part, index) => {
    const signature = part.text('thoughtSignature');
    const isThought = part.flag('thought') ?? false;
    const text = part.text('text');
    if (isThought) thought += text ?? '';
    // A signature vouches for the thoughts before the part that carries it.
    if (!isThought || signature !== undefined) think(part.path, signature);
    if (!isThought && text) parts.push({ kind: 'text', text });
    const read = isThought || text !== undefined ? undefined : readPart(part, `call_${turn}_${index}`, open);
    if (read) parts.push(read);
    part.refuseRest('parts of this kind cannot be translated');
  });
  think(fields.at(-1)?.path ?? 'contents');
  return parts;
}

function readPart(part: Fields, madeId: string, open: OpenCalls): Part | undefined {
  const call = part.fields('functionCall');
  if (call) {
    const name = call.word('name');
    const id = call.text('id') ?? madeId;
    open.push({ id, name });
    const read: Part = { kind: 'call', param: call.path, id, name, args: call.json('args') ?? {} };
    call.refuseRest();
    return read;
  }
  const result = part.fields('functionResponse');
  if (result) return readResult(result, open);
  const inline = part.fields('inlineData');
  const file = part.fields('fileData');
  const media = inline ?? file;
  if (!media) return undefined;
  const mediaType = media.word('mimeType');
  const kind = mediaType.startsWith('image/') ? 'image' : 'document';
  if (kind === 'document' && mediaType !== 'application/pdf') {
    throw notTranslatableError(media.param('mimeType'), 'only images and PDFs can be translated');
  }
  const read: Part = inline
    ? { kind, param: media.path, mediaType, data: media.word('data') }
    : { kind, param: media.path, url: httpsUrl(media) };
  media.refuseRest();
  return read;
}

function httpsUrl(file: Fields): string {
  const url = file.word('fileUri');
  if (url.startsWith('https://') && !url.startsWith('https://generativelanguage.googleapis.com/')) return url;
  throw notTranslatableError(
    file.param('fileUri'),
    'a file stored at Gemini cannot be read by another provider',
  );
}

function readResult(result: Fields, open: OpenCalls): Part {
  const name = result.word('name');
  const given = result.text('id');
  const at = open.findIndex((call) => (given === undefined ? call.name === name : call.id === given));
  const id = given ?? open[at]?.id;
  if (at !== -1) open.splice(at, 1);
  if (id === undefined) throw notValidError(result.path, 'the result of a call that was made before', name);
  const response = result.json('response') ?? {};
  result.refuseRest();
  const only = Object.keys(response).length === 1 ? (response.error ?? response.output) : undefined;
  const text = typeof only === 'string' ? only : JSON.stringify(response);
  const failed = typeof only === 'string' && response.error !== undefined;
  return { kind: 'result', param: result.path, id, content: [{ kind: 'text', text }], failed };
}
