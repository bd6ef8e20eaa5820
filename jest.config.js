import { bundledModules } from './scripts/jest-modules.mjs';

const fromTypeScript = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  module: { type: 'es6' },
  sourceMaps: true,
};

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/packages', '<rootDir>/examples', '<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/\\.work/'],
  modulePathIgnorePatterns: ['/\\.work/(?!jest-modules/)', '/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['<rootDir>/scripts/jest-transform.mjs', fromTypeScript] },
  resolver: '<rootDir>/scripts/jest-resolver.cjs',
  globalSetup: '<rootDir>/scripts/jest-modules.mjs',
  moduleNameMapper: {
    ...bundledModules,
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  setupFiles: ['<rootDir>/scripts/jest-own-channels.cjs', '<rootDir>/scripts/jest-away-from-midnight.mjs'],
  testSequencer: '<rootDir>/scripts/jest-sequencer.cjs',
  // Many tests wait for leases to run out, so two cores have time for five.
  maxWorkers: 5,
  // Modules of a file that has ended stay in its worker; beyond this, collecting garbage takes a fifth of the processor time.
  workerIdleMemoryLimit: '500MB',
  cacheDirectory: '<rootDir>/.work/jest',
  // An upper bound: a slow machine needs a minute for what a fast one does in seconds.
  testTimeout: 120_000,
};
