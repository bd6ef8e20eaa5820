/**
 * Whether a `Prefer` header (RFC 7240) contains `respond-async`: the client accepts a later response. Quoted values and parameters of other
 * preferences do not count.
 */
export function prefersAsync(header: string | readonly string[] | undefined): boolean {
  if (header === undefined) return false;
  const text = typeof header === 'string' ? header : header.join(',');
  const plain = text.slice(0, 1_024).replace(/"(?:[^"\\]|\\.)*"?/g, '""');
  return plain.split(',').some((preference) => /^\s*respond-async\s*(?:[;=]|$)/i.test(preference));
}
