import { notValidError } from '../not-translatable.js';

/** The content of a data URL; `undefined`: another URL. */
function inlineOf(url: string, param: string): { mediaType: string; data: string } | undefined {
  if (!url.startsWith('data:')) return undefined;
  const comma = url.indexOf(',');
  const head = comma === -1 ? undefined : /^data:([\w.+-]+\/[\w.+-]+);base64$/.exec(url.slice(0, comma));
  if (!head?.[1]) throw notValidError(param, 'a data URL in base64', undefined);
  return { mediaType: head[1].toLowerCase(), data: url.slice(comma + 1) };
}

/** An image by its URL. */
export function imageOf(
  url: string,
  param: string,
): { mediaType: string; data: string } | { readonly url: string } {
  const inline = inlineOf(url, param);
  if (inline && !inline.mediaType.startsWith('image/')) {
    throw notValidError(param, 'a data URL of an image, or an https URL', inline.mediaType);
  }
  return inline ?? { url };
}

/** A PDF by its data URL. */
export function pdfOf(url: string, param: string): { mediaType: string; data: string } {
  const inline = inlineOf(url, param);
  if (inline?.mediaType !== 'application/pdf')
    throw notValidError(param, 'a data URL of a PDF', inline?.mediaType);
  return inline;
}
