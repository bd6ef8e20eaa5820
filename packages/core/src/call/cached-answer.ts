/** A whole answer to a call, as it was given before: in the provider's format, after everything that was done to it on its way. */
export interface CachedAnswer {
  readonly contentType: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** How long ago it was stored, in ms. */
  readonly ageMs: number;
}

/** The headers by which it is known: `age` in seconds (RFC 9111) and `x-tollgate-cache: hit`. */
export const cachedHeaders = ({ ageMs }: CachedAnswer): { age: string; 'x-tollgate-cache': 'hit' } => ({
  age: String(Math.floor(ageMs / 1_000)),
  'x-tollgate-cache': 'hit',
});
