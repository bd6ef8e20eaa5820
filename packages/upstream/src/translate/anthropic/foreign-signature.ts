import type { Origin, ThoughtPart } from '../neutral-request.js';

/** Anthropic's format has one field for a signature: those of other providers carry their name, so that they find their way back. */
const prefix: Readonly<Record<Exclude<Origin, 'anthropic'>, string>> = {
  gemini: 'gemini:',
  openai: 'openai:',
};

/** A signature as a block of Anthropic's holds it. */
export const markedSignature = (signature: string, origin: Origin): string =>
  origin === 'anthropic' ? signature : prefix[origin] + signature;

/** Whose signature it is; thoughts without one come from a provider that signs none. */
export function originOf(signature: string): Pick<ThoughtPart, 'origin' | 'signature'> {
  if (signature.startsWith(prefix.gemini))
    return { origin: 'gemini', signature: signature.slice(prefix.gemini.length) };
  if (signature === '' || signature.startsWith(prefix.openai)) return { origin: 'openai' };
  return { origin: 'anthropic', signature };
}
