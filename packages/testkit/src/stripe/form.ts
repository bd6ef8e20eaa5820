/** A form body as Stripe reads it: `payload[value]=25` is `{ payload: { value: '25' } }`, one level deep. */
export function readForm(text: string): Record<string, string | Record<string, string>> {
  const read: Record<string, string | Record<string, string>> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const [, outer = name, inner] = /^(\w+)\[(\w+)\]$/.exec(name) ?? [];
    if (inner === undefined) read[outer] = value;
    else read[outer] = { ...Object(read[outer]), [inner]: value };
  }
  return read;
}
