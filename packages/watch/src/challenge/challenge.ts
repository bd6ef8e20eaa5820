import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Caller } from '@tollgate/core';

/** Sixteen million hashes, half a minute of a core: more is no challenge but a refusal. */
export const mostBitsEver = 24;
/** How long a challenge may be solved, ms. */
export const challengeMs = 5 * 60_000;

const bitsPerScore = 1.5;

/** How many zero bits are asked at a score, between 1 and `mostBits`. */
export function bitsFor(score: number, leastBits = 8, mostBits = 22): number {
  return Math.max(1, Math.min(mostBits, Math.round(leastBits + bitsPerScore * score)));
}

/** The recipient of a challenge; no other caller can use it. */
export type Challenged = Pick<Caller, 'id' | 'tenant'>;

/** The inputs of a challenge. */
export interface ChallengeFacts {
  readonly bits: number;
  /** Ms since the epoch. */
  readonly expiresAtMs: number;
  /** 22 letters of base64url, unlike any other. */
  readonly nonce: string;
}

/** A challenge as it is answered: `1.<bits>.<expires>.<nonce>.<signature>`. It holds nothing that must be remembered. */
export function signedChallenge(
  { bits, expiresAtMs, nonce }: ChallengeFacts,
  whose: Challenged,
  secret: Uint8Array,
): string {
  const facts = `1.${bits}.${expiresAtMs}.${nonce}`;
  return `${facts}.${signatureOf(facts, whose, secret).toString('base64url')}`;
}

/** A challenge and the counter that solves it: `<challenge>.<counter>`. */
const solutionForm = /^((1\.(\d{1,2})\.(\d{1,15})\.([\w-]{22}))\.([\w-]{43}))\.\d{1,15}$/;

/**
 * The challenge that a text solves, if it was made for this caller and has not expired; `undefined` otherwise. Does not check whether it
 * was used.
 */
export function solvedBy(
  solution: string,
  whose: Challenged,
  secret: Uint8Array,
  nowMs: number,
): ChallengeFacts | undefined {
  const parts = solutionForm.exec(solution);
  if (!parts) return undefined;
  const [, , facts = '', bits, expiresAtMs, nonce = '', signature = ''] = parts;
  const given = Buffer.from(signature, 'base64url');
  const right = signatureOf(facts, whose, secret);
  if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
  if (Number(expiresAtMs) <= nowMs || leadingZeroBits(solution) < Number(bits)) return undefined;
  return { bits: Number(bits), expiresAtMs: Number(expiresAtMs), nonce };
}

function signatureOf(facts: string, { tenant, id }: Challenged, secret: Uint8Array): Buffer {
  return createHmac('sha256', secret)
    .update(`${facts}\n${JSON.stringify([tenant, id])}`)
    .digest();
}

/** Of the SHA-256 of a text, 32 at most. */
function leadingZeroBits(text: string): number {
  return Math.clz32(createHash('sha256').update(text).digest().readUInt32BE(0));
}
