import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { isObject } from './json.js';
import { invalidValueError } from './refusals.js';
import type { MediaCount, MediaKind } from './request-facts.js';

/** Collects the input of a request that is not text. */
export class MediaTally {
  readonly found = new Map<string, MediaCount>();

  /** Notes one piece of media of a kind; `data` is the part of the body that holds it. */
  add(kind: MediaKind, param: string, data?: JsonValue | undefined): void {
    const bytes = typeof data === 'string' ? data.length : 0;
    const known = this.found.get(kind);
    if (!known) this.found.set(kind, { kind, param, count: 1, bytes });
    else {
      known.count += 1;
      known.bytes += bytes;
    }
  }

  /** Adds an image, sound or document that the body contains as a `data:` URL, or that is fetched from another one. */
  addUrl(
    kinds: { readonly inline: MediaKind; readonly remote: MediaKind },
    param: string,
    url: JsonValue | undefined,
  ): void {
    if (typeof url !== 'string' || url === '') throw invalidValueError(param, 'a URL', url);
    if (isDataUrl(url)) this.add(isOther(url) ? 'document' : kinds.inline, param, url);
    else this.add(kinds.remote, param);
  }
}

/** Whether a URL contains its content, in base64: other content counts as text. */
function isDataUrl(url: string): boolean {
  return url.slice(0, 5).toLowerCase() === 'data:' && url.slice(0, 200).includes(';base64,');
}

/** Whether a `data:` URL in the place of an image holds something else. */
function isOther(url: string): boolean {
  return url.slice(5, 11).toLowerCase() !== 'image/';
}

/** The possible kinds of a file in the body, by its media type. */
export function kindOfType(mediaType: JsonValue | undefined): MediaKind {
  const type = typeof mediaType === 'string' ? mediaType.toLowerCase() : '';
  if (type.startsWith('image/')) return 'image';
  return type.startsWith('audio/') || type.startsWith('video/') ? 'audio' : 'document';
}

/** The object that a content part holds its media in. */
export function heldIn(part: JsonObject, name: string, param: string): JsonObject {
  const held = part[name];
  if (isObject(held)) return held;
  throw invalidValueError(`${param}.${name}`, 'an object', held);
}
