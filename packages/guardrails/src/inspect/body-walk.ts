import { withoutEscapes } from './json-escapes.js';
import { type MediaKind, mediaKindsOf } from './media-kinds.js';
import type { TextPlace } from './rule.js';

/** One text of a body. */
export interface BodyText extends TextPlace {
  readonly text: string;
  /** Writes another text in its place. Absent of the names of members, which stay. */
  replace?(text: string): void;
}

/** Something in a body that is no text. */
interface BodyMedia {
  readonly kind: MediaKind;
  readonly path: string;
}

/** The content of a JSON body. */
export interface BodyContent {
  readonly texts: readonly BodyText[];
  readonly media: readonly BodyMedia[];
  /** Elements of `messages`, `contents` or `input`. */
  readonly messages: number;
}

type Members = Record<string, unknown>;

/** Members that hold the bytes of media as text. */
const bytesMembers = new Set(['data', 'file_data', 'url', 'image_url', 'b64_json']);

/**
 * Everything of a JSON body that a model may read: all its texts at any depth, and the names of members that may be a sentence or a key.
 * Texts of JSON are read without their escapes. Bytes of media are not among the texts.
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
      texts.push({ text: withoutEscapes(value), path, role, replace: (text) => void put(within, key, text) });
    } else if (Array.isArray(value)) {
      for (let index = value.length - 1; index >= 0; index -= 1)
        push(value, String(index), `${path}[${index}]`, role);
    } else if (typeof value === 'object' && value !== null) {
      const members = value as Members;
      // Only messages have a role: a `role` inside content is not trusted.
      const own = isMessage.test(path) && typeof members.role === 'string' ? members.role : role;
      for (const kind of mediaKindsOf(members, path)) media.push({ kind, path });
      for (const name of Object.keys(members).reverse()) {
        const below = path === '' ? name : `${path}.${name}`;
        if (isText(name)) texts.push({ text: name, path: below, role: own });
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

/** Whether the name of a member may be a sentence, or long and mixed enough for a key. */
function isText(name: string): boolean {
  return /\s/.test(name) || (name.length >= shortestKey && /[\d\x7f-\uffff]/.test(name));
}

const shortestKey = 16;

function put(within: Members | unknown[], key: string, value: string): void {
  (within as Members)[key] = value;
}

/** Media is plain base64, as a data URL or alone. Anything else in its place is a text like any other. */
function isBytes(key: string, value: string): boolean {
  if (!bytesMembers.has(key)) return false;
  return (
    /^data:[\w.+/-]{1,100};base64,[A-Za-z0-9+/]*={0,2}$/i.test(value) ||
    /^[A-Za-z0-9+/]{256,}={0,2}$/.test(value)
  );
}

function messagesIn(body: unknown): number {
  if (typeof body !== 'object' || body === null) return 0;
  const { messages, contents, input } = body as Members;
  return [messages, contents, input].reduce<number>(
    (most, list) => (Array.isArray(list) ? Math.max(most, list.length) : most),
    0,
  );
}
