/** Skips every test that is left once a mutant is caught: Jest's own `bail` does not reach into a run that Stryker makes. */
const NodeEnvironment = require('@stryker-mutator/jest-runner/jest-env/node');

let caught;

module.exports = class MutationEnvironment extends NodeEnvironment {
  handleTestEvent(event) {
    const mutant = process.env.__STRYKER_ACTIVE_MUTANT__;
    if (mutant === undefined) return;
    if (event.name === 'test_start' && caught === mutant) event.test.mode = 'skip';
    if (event.name === 'test_fn_failure') caught = mutant;
  }
};
