import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * The file of a test's program, bundled with Tollgate's sources, for a test that starts it in a separate process. All of them are bundled
 * before the tests, by `scripts/jest-programs.mjs`.
 *
 * @param folder that of the program's source
 * @param name of its source, without `.ts`; ends in `-process`
 */
export function bundledProgram(folder: string, name: `${string}-process`): string {
  return join(root, '.work/jest-modules/programs', relative(root, folder), `${name}.mjs`);
}
