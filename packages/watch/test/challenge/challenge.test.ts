import { describe, expect, it } from '@jest/globals';
import { bitsFor, signedChallenge, solvedBy } from '../../src/challenge/challenge.js';
import { publishedSolve } from './published-solve.js';

const secret = Buffer.alloc(32, 7);
const whose = { tenant: 'acme', id: 'k1' };
const facts = { bits: 10, expiresAtMs: 2_000_000, nonce: 'A'.repeat(22) };
const nowMs = 1_999_999;

describe('a challenge', () => {
  it('is solved by the published function, which says which challenge it was', async () => {
    const solve = await publishedSolve();
    expect(solvedBy(solve(signedChallenge(facts, whose, secret)), whose, secret, nowMs)).toEqual(facts);
  });

  it('is not solved late, by another caller or tenant, under another secret, or for fewer bits than it says', async () => {
    const solve = await publishedSolve();
    const solution = solve(signedChallenge(facts, whose, secret));
    expect(solvedBy(solution, whose, secret, facts.expiresAtMs)).toBeUndefined();
    expect(solvedBy(solution, { ...whose, id: 'k2' }, secret, nowMs)).toBeUndefined();
    expect(solvedBy(solution, { ...whose, tenant: 'acm' }, secret, nowMs)).toBeUndefined();
    expect(solvedBy(solution, whose, Buffer.alloc(32, 8), nowMs)).toBeUndefined();
    const easier = solve(solution.replace(/^1\.10\./, '1.1.').replace(/\.\d+$/, ''));
    expect(solvedBy(easier, whose, secret, nowMs)).toBeUndefined();
  });

  it('is not solved by guessing: of 1 024 counters about one is right', () => {
    const challenge = signedChallenge(facts, whose, secret);
    let right = 0;
    for (let counter = 0; counter < 20_480; counter += 1) {
      if (solvedBy(`${challenge}.${counter}`, whose, secret, nowMs)) right += 1;
    }
    expect(right).toBeGreaterThan(3);
    expect(right).toBeLessThan(60);
  });

  it('takes no text for a solution that is none', () => {
    const challenge = signedChallenge(facts, whose, secret);
    for (const text of [
      '',
      '1',
      challenge,
      `${challenge}.`,
      `${challenge}.x`,
      `${challenge}.1.1`,
      'é'.repeat(9_999),
    ]) {
      expect(solvedBy(text, whose, secret, nowMs)).toBeUndefined();
    }
  });

  it('asks for twice the work with every two thirds of a point of score, within its bounds', () => {
    expect([0, 2, 4, 6, 8, 30].map((score) => bitsFor(score))).toEqual([8, 11, 14, 17, 20, 22]);
    expect(bitsFor(9, 1, 4)).toBe(4);
    expect(bitsFor(4, 2, 24)).toBe(8);
  });
});
