import { claimsContract } from '@tollgate/testkit/contracts';
import { memoryClaims } from '../../src/index.js';

claimsContract('in memory', () => {
  let nowMs = 0;
  const store = memoryClaims({ maxClaims: 100, now: () => nowMs });
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { store, other: store, pass };
});
