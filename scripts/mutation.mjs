/** `npm run mutation`: mutates the decisions in packages/core and counts the mutants that tests catch; arguments select files: `-- money lease`. */
import { join } from 'node:path';
import { foreground } from './run.mjs';
import { setUp } from './set-up.mjs';
import { root } from './workspace.mjs';

await setUp();
const selected = process.argv.slice(2).map((name) => `packages/core/src/*/${name}.ts`);
const args = ['run', 'test/mutation/stryker.config.mjs'];
if (selected.length > 0) args.push('--mutate', selected.join(','));
// Few random traces and keys, for every mutant that nothing else catches sees them all.
const env = { ...process.env, TOLLGATE_RUNS: process.env.TOLLGATE_RUNS ?? '10' };
process.exitCode = await foreground(join(root, 'node_modules/.bin/stryker'), args, { env });
