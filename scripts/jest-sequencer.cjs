/** Jest's order of test files: those that wait longest first, also in a new checkout, which has no times of earlier runs. */
const { default: Sequencer } = require('@jest/test-sequencer');

const slowest = [
  'test/faults/',
  'test/journeys/',
  'test/packaging/',
  'test/readme/',
  'examples/',
  'packages/redis/',
  'packages/postgres/',
];
const rank = ({ path }) => {
  const found = slowest.findIndex((folder) => path.includes(`/${folder}`));
  return found < 0 ? slowest.length : found;
};

module.exports = class extends Sequencer {
  sort(tests) {
    const all = [...tests];
    const isTimed = all.some((test) => test.duration !== undefined);
    const sorted = super.sort(all);
    return isTimed ? sorted : sorted.sort((one, other) => rank(one) - rank(other));
  }
};
