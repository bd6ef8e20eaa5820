import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { shown, table } from '../command/table.js';
import { isoOf } from '../command/when.js';
import { withSession } from '../session/session.js';
import { several } from './several.js';

/** `tollgate tenants …` */
export function tenantsCommand(io: CommandLine): Command {
  const tenants = new Command('tenants').description('tenants and their teams');
  tenants
    .command('create')
    .description('make a tenant and teams of it, or name it')
    .argument('<tenant>')
    .option('--name <text>', 'for people to read')
    .option('--team <team>', 'may be repeated', several, [])
    .action((tenant: string, { name, team }: { name?: string; team: string[] }, command: Command) =>
      withSession(io, command, async ({ registry, say }) => {
        await registry.tenants.create(tenant, { name, teams: team });
        say({ tenant, name, teams: team }, () => `${shown(tenant)} is there.\n`);
      }),
    );
  tenants
    .command('list')
    .description('tenants with their teams and the number of valid keys')
    .action((_options: object, command: Command) =>
      withSession(io, command, async ({ registry, say }) => {
        const all = await registry.tenants.list();
        const json = all.map(({ createdAtMs, disabledAtMs, ...rest }) => ({
          ...rest,
          created_at: isoOf(createdAtMs),
          disabled_at: isoOf(disabledAtMs),
        }));
        const rows = all.map((one) => [
          ...[one.tenant, one.name, one.teams, one.keys],
          isoOf(one.createdAtMs)?.slice(0, 10),
          one.disabledAtMs === undefined ? 'active' : 'disabled',
        ]);
        say(json, () => table(['tenant', 'name', 'teams', 'keys', 'created', 'status'], rows));
      }),
    );
  for (const [action, description] of [
    ['disable', 'refuse all keys of a tenant until it is enabled again'],
    ['enable', 'accept the keys of a disabled tenant again'],
  ] as const) {
    tenants
      .command(action)
      .description(description)
      .argument('<tenant>')
      .action((tenant: string, _options: object, command: Command) =>
        withSession(io, command, async ({ registry, confirmed, say }) => {
          await registry.tenants[action](tenant);
          const { json, text } = await confirmed('keys');
          say({ tenant, done: `${action}d`, ...json }, () => `${shown(tenant)} is ${action}d, ${text}.\n`);
        }),
      );
  }
  return tenants;
}
