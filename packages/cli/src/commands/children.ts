import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { withSession } from '../session/session.js';

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
      withSession(io, command, async ({ registry, confirmed, say }) => {
        await registry.revocations.revoke(id);
        const { json, text } = await confirmed('children');
        say({ child_id: id, done: 'revoked', ...json }, () => `${id} is revoked, ${text}.\n`);
      }),
    );
  children
    .command('revoke-all')
    .description('refuse all that were minted from a key so far')
    .argument('<key-id>')
    .action((keyId: string, _options: object, command: Command) =>
      withSession(io, command, async ({ registry, confirmed, say }) => {
        await registry.revocations.revokeAllOf(keyId);
        const { json, text } = await confirmed('children');
        say(
          { key_id: keyId, done: 'revoked', ...json },
          () => `The child credentials of ${keyId} are revoked, ${text}.\n`,
        );
      }),
    );
  return children;
}
