import type { Origin, ThoughtPart } from '../neutral-request.js';

const prefix = 'anthropic:';
/** Anthropic's thoughts that nobody may read. */
const redactedPrefix = 'anthropic-redacted:';

/** A signature as a part of Gemini's holds it: that of another provider carries its name, so that it finds its way back. */
export const markedSignature = (signature: string, origin: Origin): string =>
  origin === 'gemini' ? signature : prefix + signature;

export const markedRedacted = (data: string): string => redactedPrefix + data;

/** Whose signature it is; thoughts without one come from a provider that signs none. */
export function originOf(
  signature: string | undefined,
): Pick<ThoughtPart, 'origin' | 'signature' | 'redacted'> {
  if (signature === undefined) return { origin: 'openai' };
  if (signature.startsWith(redactedPrefix)) {
    return { origin: 'anthropic', redacted: signature.slice(redactedPrefix.length) };
  }
  if (!signature.startsWith(prefix)) return { origin: 'gemini', signature };
  return { origin: 'anthropic', signature: signature.slice(prefix.length) };
}
