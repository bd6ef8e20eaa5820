import type { JsonObject } from '@tollgate/core/internal';
import type { MediaPart, Part, ResultPart, ThoughtPart, Turn } from '../neutral-request.js';
import { notTranslatableError, notValidError } from '../not-translatable.js';

const provider = 'Gemini';

/** Media types by the ending of a URL: Gemini requires one. */
const byEnding: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  pdf: 'application/pdf',
};

/** Writes the turns as Gemini's contents. Its results name the function, which is looked up by the id of the call. */
export function writeContents(turns: readonly Turn[]): JsonObject[] {
  const names = new Map<string, string>();
  return turns.map(({ role, parts }) => {
    const written: JsonObject[] = [];
    let signature: string | undefined;
    for (const part of parts) {
      if (part.kind === 'call') names.set(part.id, part.name);
      if (part.kind === 'thought') {
        if (part.text !== '') written.push({ text: part.text, thought: true });
        signature = signatureOf(part) ?? signature;
        continue;
      }
      // A signature belongs to the model's next part.
      written.push(
        signature === undefined
          ? partOf(part, names)
          : { ...partOf(part, names), thoughtSignature: signature },
      );
      signature = undefined;
    }
    if (signature !== undefined) written.push({ text: '', thoughtSignature: signature });
    return { role: role === 'user' ? 'user' : 'model', parts: written };
  });
}

function signatureOf(part: ThoughtPart): string | undefined {
  if (part.origin === 'gemini') return part.signature;
  throw notTranslatableError(part.param, `${provider} takes no thinking blocks of another provider's model`);
}

function partOf(part: Exclude<Part, ThoughtPart>, names: ReadonlyMap<string, string>): JsonObject {
  if (part.kind === 'text') return { text: part.text };
  if (part.kind === 'call') return { functionCall: { id: part.id, name: part.name, args: part.args } };
  return part.kind === 'result' ? resultOf(part, names) : mediaOf(part);
}

function resultOf(part: ResultPart, names: ReadonlyMap<string, string>): JsonObject {
  const name = names.get(part.id);
  if (name === undefined)
    throw notValidError(`${part.param}`, 'the result of a call that was made before', part.id);
  const text = part.content
    .map((one) => {
      if (one.kind === 'text') return one.text;
      throw notTranslatableError(one.param, `${provider} takes only text as the result of a tool`);
    })
    .join('');
  return {
    functionResponse: { id: part.id, name, response: part.failed ? { error: text } : { output: text } },
  };
}

function mediaOf(part: MediaPart): JsonObject {
  if (part.detail !== undefined) {
    throw notTranslatableError(part.detail.param, `${provider} takes it for all images alike`);
  }
  if (part.url === undefined)
    return { inlineData: { mimeType: part.mediaType ?? '', data: part.data ?? '' } };
  const ending = /\.(\w{3,4})(?:[?#]|$)/.exec(part.url)?.[1]?.toLowerCase() ?? '';
  const mimeType = Object.hasOwn(byEnding, ending) ? byEnding[ending] : undefined;
  if (mimeType === undefined)
    throw notTranslatableError(part.param, `${provider} needs the media type, which the URL does not show`);
  return { fileData: { mimeType, fileUri: part.url } };
}
