import { createHash } from 'node:crypto';

/** The value of `x-tollgate-solution` for a challenge received as `x-tollgate-challenge`. The README of `@tollgate/watch` prints this function. */
export function solve(challenge: string): string {
  const bits = Number(challenge.split('.')[1]);
  if (!(bits <= 24)) throw new Error(`${bits} bits are too hard`);
  for (let counter = 0; ; counter += 1) {
    const solution = `${challenge}.${counter}`;
    const hash = createHash('sha256').update(solution).digest();
    if (Math.clz32(hash.readUInt32BE(0)) >= bits) return solution;
  }
}
