/** Kinds of media that a request may carry. */
export const mediaKinds = ['image', 'audio', 'video', 'file'] as const;
export type MediaKind = (typeof mediaKinds)[number];

type Members = Readonly<Record<string, unknown>>;

/** `type` of content parts by provider, in lower case: OpenAI chat, responses and assistants, Anthropic. */
const mediaTypes: Readonly<Record<string, MediaKind>> = {
  image_url: 'image',
  input_image: 'image',
  image: 'image',
  image_file: 'image',
  computer_screenshot: 'image',
  input_audio: 'audio',
  audio: 'audio',
  audio_url: 'audio',
  input_video: 'video',
  video_url: 'video',
  video: 'video',
  file: 'file',
  input_file: 'file',
  document: 'file',
  container_upload: 'file',
};

/** Members that make a part one of media with any `type`: some servers with OpenAI's format ignore `type`. */
const mediaMembers: Readonly<Record<string, MediaKind>> = {
  image_url: 'image',
  input_image: 'image',
  audio_url: 'audio',
  input_audio: 'audio',
  video_url: 'video',
  file: 'file',
  file_url: 'file',
  file_data: 'file',
  file_id: 'file',
};

/** The paths of content parts: elsewhere, as in the arguments of a tool, a member of such a name contains no media. */
const isPart =
  /^(?:messages|contents|input)\[\d+\](?:\.(?:content|parts|output)(?:\[\d+\])?)?(?:\.content\[\d+\])?$/;

/** Kinds of media that an object of a body carries, by its type, its members and the type of their bytes; mostly none. */
export function mediaKindsOf(members: Members, path: string): readonly MediaKind[] {
  const kinds = new Set<MediaKind>();
  const { type, source } = members;
  const typed = typeof type === 'string' ? ownOf(mediaTypes, type.toLowerCase()) : undefined;
  if (typed) kinds.add(typed);
  const part = typed !== undefined || isPart.test(path);
  for (const [name, value] of Object.entries(members)) {
    const named = part ? ownOf(mediaMembers, name) : undefined;
    if (named && holdsMedia(name, value)) kinds.add(kindOfBytes(value) ?? typed ?? named);
    else if (isInline.test(name) && isMembers(value)) kinds.add(kindOfMime(value) ?? 'file');
  }
  const sourced = part && isMembers(source) ? kindOfMime(source) : undefined;
  if (sourced) kinds.add(sourced);
  return [...kinds];
}

/** Gemini: `inlineData`, `fileData` and their spellings with an underscore, which hold objects. */
const isInline = /^(?:inline|file)_?data$/i;

/** A URL, bytes or the name of a file; not the description of such a field in a schema. */
function holdsMedia(name: string, value: unknown): boolean {
  if (typeof value === 'string') return name.endsWith('_id') || name.endsWith('_data') || isPlace.test(value);
  return (
    isMembers(value) && ['url', 'data', 'file_id', 'file_data'].some((one) => typeof value[one] === 'string')
  );
}

const isPlace = /^\s*(?:data|https?|gs|s3|file):/i;

/** The kind of media that the bytes of a data URL, or of the members of a part, are declared to be. */
function kindOfBytes(value: unknown): MediaKind | undefined {
  const places = isMembers(value) ? [value.url, value.data, value.file_data] : [value];
  for (const place of places) {
    const mime = typeof place === 'string' ? /^\s*data:([^;,]{1,100})/i.exec(place)?.[1] : undefined;
    if (mime !== undefined) return kindOf(mime);
  }
  return undefined;
}

function kindOfMime(members: Members): MediaKind | undefined {
  const mime = members.mimeType ?? members.mime_type ?? members.media_type;
  return typeof mime === 'string' ? kindOf(mime) : undefined;
}

function kindOf(mime: string): MediaKind | undefined {
  const lower = mime.trim().toLowerCase();
  if (lower.startsWith('text/')) return undefined;
  return mediaKinds.find((kind) => lower.startsWith(`${kind}/`)) ?? 'file';
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const ownOf = <Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;
