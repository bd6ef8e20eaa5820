import { CommanderError } from 'commander';
import { sayFailure } from './failure.js';
import { program } from './program.js';

/** Inputs and outputs of a command beside the database. */
export interface CommandLine {
  /** `DATABASE_URL`, `TOLLGATE_DIR` and `TOLLGATE_SCHEMA` are read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Who is at the terminal, for the audit trail. */
  readonly user: string;
  /** The clock, ms since the epoch. */
  readonly now: () => number;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** For providers' APIs. @defaultValue the global `fetch` */
  readonly fetch?: typeof globalThis.fetch;
}

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
