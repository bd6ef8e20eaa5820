import type { LimitOverride } from '@tollgate/core';
import { type OverrideKind, type OverrideScope, overrideKinds } from '@tollgate/core/internal';
import { Argument, Command, Option } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { UsageError } from '../command/failure.js';
import { checkTenant } from '../command/known.js';
import { table } from '../command/table.js';
import { withSession } from '../session/session.js';

interface SubjectOptions {
  tenant: string;
  team?: string;
  user?: string;
  key?: string;
}

const help = `
A budget takes the place of the plan's limit of the same unit, period and scope, and otherwise counts beside it. It is
counted for all of whom it is for together, or, with --by key (user, team), for each.

Examples:
  tollgate budgets set spend '$500/month' --tenant acme
  tollgate budgets set spend '$100/month' --tenant acme --team data
  tollgate budgets set tokens 2M/day --tenant acme --by key
  tollgate budgets set requests 200/min --tenant acme --key 4fXq0W2bTzL9sD1k`;

/** `tollgate budgets …` */
export function budgetsCommand(io: CommandLine): Command {
  const budgets = new Command('budgets').description(
    'limits of tenants, teams, users and keys that differ from their plans',
  );
  const kind = () => new Argument('<kind>', 'what is limited').choices(overrideKinds);
  subject(
    budgets
      .command('set')
      .description('set a limit, and wait until a running process has confirmed it')
      .addArgument(kind())
      .argument('<limit>', "'$500/month', 2M/day, 100/min; for concurrent a number")
      .addOption(new Option('--by <scope>', 'whose counter').choices(['tenant', 'team', 'user', 'key']))
      .option('--force', 'also for a tenant that is not in the database yet'),
  )
    .addHelpText('after', help)
    .action(
      async (
        kind: OverrideKind,
        limit: string,
        options: SubjectOptions & { by?: OverrideScope; force?: boolean },
        command: Command,
      ) => {
        if (kind === 'spend' && !limit.startsWith('$')) {
          throw new UsageError(
            `spend needs a limit in dollars such as '$500/month', received ${JSON.stringify(limit)}; in a shell, put it in single quotes`,
          );
        }
        const override: LimitOverride = { ...subjectOf(options), kind, limit, by: options.by };
        await withSession(io, command, async ({ registry, confirmed, say }) => {
          await checkTenant(registry, override.tenant, options.force);
          await registry.overrides.set(override);
          const { json, text } = await confirmed('limits');
          say(
            { ...jsonOf(override), ...json },
            () => `Set, ${text}.\n\n${table(headings, [rowOf(override)])}`,
          );
        });
      },
    );
  budgets
    .command('list')
    .description('what was set')
    .option('--tenant <tenant>')
    .action((options: { tenant?: string }, command: Command) =>
      withSession(io, command, async ({ registry, say }) => {
        const all = await registry.overrides.list(options);
        say(all.map(jsonOf), () => table(headings, all.map(rowOf)));
      }),
    );
  subject(
    budgets
      .command('clear')
      .description('take back what was set for exactly this tenant, team, user or key: the plan counts again')
      .addArgument(new Argument('[kind]', 'only this kind').choices(overrideKinds)),
  ).action((kind: OverrideKind | undefined, options: SubjectOptions, command: Command) =>
    withSession(io, command, async ({ registry, confirmed, say }) => {
      const cleared = await registry.overrides.clear({ ...subjectOf(options), kind });
      if (cleared === 0)
        throw new Error('nothing of that kind was set for exactly this tenant, team, user or key');
      const { json, text } = await confirmed('limits');
      say({ cleared, ...json }, () => `${cleared} taken back, ${text}.\n`);
    }),
  );
  return budgets;
}

function subject(command: Command): Command {
  return command
    .requiredOption('--tenant <tenant>', 'for whom')
    .option('--team <team>', 'only this team of it')
    .option('--user <user>', 'only this user of it')
    .option('--key <key-id>', 'only this key of it');
}

function subjectOf({ tenant, team, user, key }: SubjectOptions) {
  return { tenant, team, user, keyId: key };
}

const headings = ['tenant', 'team', 'user', 'key', 'kind', 'limit', 'counted by'];

function rowOf({ tenant, team, user, keyId, kind, limit, by }: LimitOverride) {
  return [tenant, team, user, keyId, kind, limit, by];
}

function jsonOf({ tenant, team, user, keyId, kind, limit, by }: LimitOverride) {
  return { tenant, team, user, key_id: keyId, kind, limit, by };
}
