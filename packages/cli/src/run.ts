import { CommanderError } from 'commander';
import type { CommandLine } from './command/command-line.js';
import { sayFailure } from './command/failure.js';
import { program } from './program.js';

/**
 * Runs one command: `run(['keys', 'list', '--json'], …)`. Resolves with the exit code: 0 done, 1 could not be done, 2 not
 * understood. Never rejects.
 */
export async function run(args: readonly string[], io: CommandLine): Promise<number> {
  let wroteError = false;
  const writeError = (text: string): void => {
    wroteError = true;
    io.writeError(text);
  };
  try {
    await program({ ...io, writeError }).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    // Not by `error.exitCode`: for help that was asked for, Commander gives the process' own there.
    if (error instanceof CommanderError) return wroteError ? 2 : 0;
    return sayFailure(error, writeError);
  }
}
