import { describe } from '@jest/globals';
import type { MakeStore } from './quota-play.js';
import { answerProperties } from './quota-properties-answers.js';
import { bookProperties } from './quota-properties-books.js';
import { propertyGround, type QuotaPropertyOptions } from './quota-property-ground.js';

/** Invariants of every quota store, each as a test over random traces. */
export function quotaProperties(
  name: string,
  makeStore: MakeStore,
  options: QuotaPropertyOptions = {},
): void {
  const ground = propertyGround(makeStore, options);
  describe(`whatever happens to the quota store ${name}`, () => {
    bookProperties(ground);
    answerProperties(ground);
  });
}
