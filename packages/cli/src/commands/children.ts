import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { withSession } from '../command/session.js';

/** `tollgate children …` */
export function childrenCommand(io: CommandLine): Command {
  const children = new Command('children').description(
    'child credentials: short-lived ones minted from a key',
  );
  children
    .command('revoke')
    .description('refuse one child credential from now on')
    .argument('<child-id>')
    .action((id: string, _options: object, command: Command) =>
      withSession(io, command, async ({ registry, say }) => {
        await registry.revocations.revoke(id);
        say({ child_id: id, done: 'revoked' }, () => `${id} is revoked; processes read it within 5 s.\n`);
      }),
    );
  children
    .command('revoke-all')
    .description('refuse all that were minted from a key so far')
    .argument('<key-id>')
    .action((keyId: string, _options: object, command: Command) =>
      withSession(io, command, async ({ registry, say }) => {
        await registry.revocations.revokeAllOf(keyId);
        say(
          { key_id: keyId, done: 'revoked' },
          () => `The child credentials of ${keyId} are revoked; processes read it within 5 s.\n`,
        );
      }),
    );
  return children;
}
