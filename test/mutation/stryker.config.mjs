/** Stryker over what decides in packages/core: which files are mutated, and which tests may catch a mutant. */
import { fileURLToPath } from 'node:url';
import base from '../../jest.config.js';

/** Everything between a question to the memory store and its answer, and what money and windows are computed with. */
const deciding = [
  'calendar-window',
  'lease',
  'lease-heap',
  'lease-registry',
  'money',
  'quota-admission',
  'quota-checks',
  'quota-counters',
  'quota-engine',
  'quota-refusal',
  'quota-settlement',
  'window-counter',
  'quota-thresholds',
  'token-bucket',
  'usage-correction',
];

const beside = (file) => fileURLToPath(new URL(file, import.meta.url));

export default {
  mutate: deciding.map((file) => `packages/core/src/*/${file}.ts`),
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning'],
  plugins: ['@stryker-mutator/jest-runner'],
  coverageAnalysis: 'perTest',
  jest: {
    configFile: 'jest.config.js',
    enableFindRelatedTests: false,
    config: {
      ...base,
      globalSetup: beside('global-setup.mjs'),
      moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
      roots: ['<rootDir>/packages/core', '<rootDir>/packages/testkit'],
      testMatch: ['**/core/test/quota/deciding.tests.ts'],
      watchman: false,
      testEnvironment: beside('environment.cjs'),
      setupFiles: [beside('setup.mjs')],
    },
  },
  concurrency: 1,
  timeoutMS: 15_000,
  timeoutFactor: 3,
  dryRunTimeoutMinutes: 10,
  disableTypeChecks: false,
  // Not below a folder named .work: Jest is told to look away from those.
  tempDirName: 'reports/mutation-sandbox',
  ignorePatterns: ['.*', 'dist', 'docs', 'examples', 'reports', 'test/bench', 'test/journeys', 'test/faults'],
  reporters: ['clear-text', 'json', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'reports/mutation.json' },
  thresholds: { high: 90, low: 80, break: null },
};
