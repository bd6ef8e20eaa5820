/**
 * Jest's order of test files: those that mostly wait (for leases, processes, servers) evenly among those that compute, so that both cores are
 * busy from the first minute to the last. In each of the two groups Jest's own order applies: the longest first.
 */
const { default: Sequencer } = require('@jest/test-sequencer');

const waiting = /[\\/](?:test[\\/](?:faults|journeys)|examples[\\/]proxy|packages[\\/]redis)[\\/]/;

/** Files that take longest, most of them small: a new checkout, which has no times of earlier runs, would start them last. */
const longest =
  /[\\/](?:examples|night|deferred-jobs|simulator|packaging|readme|pacing|proxy|export|migrations|quota-properties)\.test\.ts$/;
const first = (tests) => [
  ...tests.filter(({ path }) => longest.test(path)),
  ...tests.filter(({ path }) => !longest.test(path)),
];

/** Items of a list with their place in it, from 0 to 1. */
const placed = (list) => list.map((item, index) => [index / list.length, item]);

module.exports = class extends Sequencer {
  sort(tests) {
    const sorted = super.sort([...tests]);
    const waits = sorted.filter(({ path }) => waiting.test(path));
    const computes = sorted.filter(({ path }) => !waiting.test(path));
    return [...placed(first(waits)), ...placed(first(computes))]
      .sort(([one], [other]) => one - other)
      .map(([, test]) => test);
  }
};
