import type { Origin, ThoughtPart } from './neutral-request.js';

const origins: readonly Origin[] = ['anthropic', 'gemini', 'openai'];
/** Anthropic's encrypted thoughts. */
const redacted = 'anthropic-redacted:';

/**
 * A signature as a format holds it that has one field for it: that of another provider than the format's own carries its maker's name,
 * so that it finds its way back.
 */
export const markedSignature = (own: Origin, signature: string, origin: Origin): string =>
  origin === own ? signature : `${origin}:${signature}`;

/** Encrypted thoughts, where the format has one field for signatures only. */
export const markedRedacted = (data: string): string => redacted + data;

/** The provider of a signature; thoughts without one come from a provider that signs none. */
export function originOf(
  own: Origin,
  signature: string | undefined,
): Pick<ThoughtPart, 'origin' | 'signature' | 'redacted'> {
  if (signature === undefined || signature === '') return { origin: 'openai' };
  if (signature.startsWith(redacted)) {
    return { origin: 'anthropic', redacted: signature.slice(redacted.length) };
  }
  const origin = origins.find((one) => signature.startsWith(`${one}:`));
  return origin === undefined
    ? { origin: own, signature }
    : { origin, signature: signature.slice(origin.length + 1) };
}
