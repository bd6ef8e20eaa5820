/**
 * Whether a `Prefer` header (RFC 7240) says `respond-async`: the client would rather be answered later than not at all. Quoted values
 * and parameters of other preferences say nothing.
 */
export function prefersAsync(header: string | readonly string[] | undefined): boolean {
  if (header === undefined) return false;
  const text = typeof header === 'string' ? header : header.join(',');
  const plain = text.slice(0, 1_024).replace(/"(?:[^"\\]|\\.)*"?/g, '""');
  return plain.split(',').some((preference) => /^\s*respond-async\s*(?:[;=]|$)/i.test(preference));
}
