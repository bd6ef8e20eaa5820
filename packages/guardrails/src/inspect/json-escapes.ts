/** Escapes of characters, however often they were escaped themselves, as in JSON within a text of JSON. */
const escapes = /\\{1,8}(?:u([0-9a-f]{4})|\/)/gi;

/**
 * A text that is a JSON object or array, such as the arguments of a tool call, with its escapes of ordinary characters undone: `\u0040`
 * becomes `@`, as the model reads it. The value stays the same: quotation marks, backslashes and control characters keep their escapes. Any
 * other text is given back as it is.
 */
export function withoutEscapes(text: string): string {
  if (!text.includes('\\') || !isContainer(text.trim())) return text;
  return text.replace(escapes, (found: string, digits: string | undefined) => {
    if (digits === undefined) return '/';
    const code = Number.parseInt(digits, 16);
    return code < 0x20 || code === 0x22 || code === 0x5c ? found : String.fromCharCode(code);
  });
}

const isContainer = (text: string): boolean =>
  (text.startsWith('{') && text.endsWith('}')) || (text.startsWith('[') && text.endsWith(']'));
