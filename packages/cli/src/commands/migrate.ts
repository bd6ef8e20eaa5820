import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { withSession } from '../session/session.js';

/** `tollgate migrate` */
export function migrateCommand(io: CommandLine): Command {
  return new Command('migrate')
    .description('create the tables or bring them up to date; safe to repeat, and to run beside running apps')
    .action((_options: object, command: Command) =>
      withSession(
        io,
        command,
        async ({ database: { schema }, place, say }) => {
          say(
            { schema, place, done: 'up to date' },
            () => `The tables in schema ${schema} of ${place} are up to date.\n`,
          );
        },
        { creates: true },
      ),
    );
}
