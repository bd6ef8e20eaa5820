import type { TextPlace } from './rule.js';

/** One text of a body. */
export interface BodyText extends TextPlace {
  readonly text: string;
  /** Writes another text in its place. Does nothing for the names of members. */
  replace(text: string): void;
}

/** Kinds of media that a request may carry. */
export const mediaKinds = ['image', 'audio', 'video', 'file'] as const;
export type MediaKind = (typeof mediaKinds)[number];

/** Something in a body that is no text. */
export interface BodyMedia {
  readonly kind: MediaKind;
  readonly path: string;
}

/** What a JSON body holds. */
export interface BodyContent {
  readonly texts: readonly BodyText[];
  readonly media: readonly BodyMedia[];
  /** Elements of `messages`, `contents` or `input`. */
  readonly messages: number;
}

type Members = Record<string, unknown>;

/** `type` of content parts by provider: OpenAI chat and responses, Anthropic. */
const mediaTypes: Readonly<Record<string, MediaKind>> = {
  image_url: 'image',
  input_image: 'image',
  image: 'image',
  input_audio: 'audio',
  audio: 'audio',
  input_video: 'video',
  video_url: 'video',
  video: 'video',
  file: 'file',
  input_file: 'file',
  document: 'file',
};
/** Members that hold the bytes of media as text. */
const bytesMembers = new Set(['data', 'file_data', 'url', 'image_url', 'b64_json']);

/**
 * Everything of a JSON body that a model may read: all its texts wherever they stand, and the names of members that hold spaces; whoever
 * hides a sentence in a tool's description is found as well. Bytes of media are not among the texts.
 */
export function contentOf(body: unknown): BodyContent {
  const texts: BodyText[] = [];
  const media: BodyMedia[] = [];
  const stack: {
    value: unknown;
    path: string;
    role: string | undefined;
    within: Members | unknown[];
    key: string;
  }[] = [];
  const push = (within: Members | unknown[], key: string, path: string, role: string | undefined): void => {
    stack.push({ value: (within as Members)[key], path, role, within, key });
  };
  if (typeof body === 'object' && body !== null) push({ body }, 'body', '', undefined);
  for (let one = stack.pop(); one !== undefined; one = stack.pop()) {
    const { value, path, role, within, key } = one;
    if (typeof value === 'string') {
      if (isBytes(key, value)) continue;
      texts.push({ text: value, path, role, replace: (text) => void put(within, key, text) });
    } else if (Array.isArray(value)) {
      for (let index = value.length - 1; index >= 0; index -= 1)
        push(value, String(index), `${path}[${index}]`, role);
    } else if (typeof value === 'object' && value !== null) {
      const members = value as Members;
      // Only what is a message has a role: content that states one of its own is not believed.
      const own = isMessage.test(path) && typeof members.role === 'string' ? members.role : role;
      const kind = mediaKindOf(members);
      if (kind) media.push({ kind, path });
      for (const name of Object.keys(members).reverse()) {
        const below = path === '' ? name : `${path}.${name}`;
        if (/\s/.test(name)) texts.push({ text: name, path: below, role: own, replace: () => undefined });
        push(
          members,
          name,
          below,
          path === '' && Object.hasOwn(roleOfMember, name) ? roleOfMember[name] : own,
        );
      }
    }
  }
  return { texts, media, messages: messagesIn(body) };
}

const isMessage = /^(?:messages|contents|input)\[\d+\]$/;

/** Members at the top of a body that an app writes its own instructions into. */
const roleOfMember: Readonly<Record<string, string>> = {
  system: 'system',
  instructions: 'system',
  systemInstruction: 'system',
  system_instruction: 'system',
};

function put(within: Members | unknown[], key: string, value: string): void {
  (within as Members)[key] = value;
}

/** Media is plain base64, as a data URL or alone. Anything else in its place is a text like any other. */
function isBytes(key: string, value: string): boolean {
  if (!bytesMembers.has(key)) return false;
  return (
    /^data:[\w.+/-]{1,100};base64,[A-Za-z0-9+/]*={0,2}$/.test(value) ||
    /^[A-Za-z0-9+/]{256,}={0,2}$/.test(value)
  );
}

function mediaKindOf(members: Members): MediaKind | undefined {
  const { type } = members;
  if (typeof type === 'string' && Object.hasOwn(mediaTypes, type)) return mediaTypes[type];
  const inline = members.inlineData ?? members.inline_data ?? members.fileData ?? members.file_data;
  if (typeof inline !== 'object' || inline === null) return undefined;
  const named = inline as Members;
  const mime = String(named.mimeType ?? named.mime_type ?? '');
  return (['image', 'audio', 'video'] as const).find((kind) => mime.startsWith(`${kind}/`)) ?? 'file';
}

function messagesIn(body: unknown): number {
  if (typeof body !== 'object' || body === null) return 0;
  const { messages, contents, input } = body as Members;
  return [messages, contents, input].reduce<number>(
    (most, list) => (Array.isArray(list) ? Math.max(most, list.length) : most),
    0,
  );
}
