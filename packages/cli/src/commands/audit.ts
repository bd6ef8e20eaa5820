import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { UsageError } from '../command/failure.js';
import { table } from '../command/table.js';
import { isoOf } from '../command/when.js';
import { withSession } from '../session/session.js';

/** `tollgate audit` */
export function auditCommand(io: CommandLine): Command {
  return new Command('audit')
    .description('who changed what, newest first')
    .option('--tenant <tenant>')
    .option('--limit <number>', 'lines at most', '100')
    .action(async ({ tenant, limit }: { tenant?: string; limit: string }, command: Command) => {
      if (!/^[1-9]\d{0,5}$/.test(limit)) {
        throw new UsageError(`--limit must be a number from 1, received ${JSON.stringify(limit)}`);
      }
      await withSession(io, command, async ({ registry, say }) => {
        const trail = await registry.audit({ tenant, limit: Number(limit) });
        say(trail, () =>
          table(
            ['at', 'actor', 'action', 'tenant', 'subject', 'facts'],
            trail.map((one) => [
              ...[isoOf(one.at.getTime()), one.actor, one.action, one.tenant, one.subject],
              JSON.stringify(one.facts),
            ]),
          ),
        );
      });
    });
}
