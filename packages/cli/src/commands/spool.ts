import { spoolStatus } from '@tollgate/postgres';
import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { facts } from '../command/table.js';
import { spoolFolder } from '../session/session.js';

/** `tollgate spool` */
export function spoolCommand(io: CommandLine): Command {
  return new Command('spool')
    .description('paid attempts that wait on this disk until the ledger has them; also beside a running app')
    .argument('[folder]', 'the folder of the spool; otherwise "spool" in --dir, TOLLGATE_DIR or .tollgate')
    .action(async (folder: string | undefined, _options: object, command: Command) => {
      const options = command.optsWithGlobals<{ dir?: string; json?: boolean }>();
      const directory = folder ?? spoolFolder(options, io.env);
      const found = await spoolStatus(directory);
      const text = facts([
        ['folder', directory],
        ['waiting', found.waiting],
        ['bytes', found.bytes],
        ['refused by the ledger', found.refused],
      ]);
      io.write(options.json ? `${JSON.stringify({ folder: directory, ...found }, undefined, 2)}\n` : text);
    });
}
