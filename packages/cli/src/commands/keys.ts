import type { ListedKey } from '@tollgate/postgres';
import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { UsageError } from '../command/failure.js';
import { checkPlan } from '../command/known.js';
import { table } from '../command/table.js';
import { durationMs, isoOf, momentMs } from '../command/when.js';
import { withSession } from '../session/session.js';
import { several } from './several.js';

interface CreateOptions {
  tenant: string;
  plan: string;
  team?: string;
  user?: string;
  name?: string;
  scope: string[];
  model: string[];
  label: string[];
  expires?: string;
  test?: boolean;
  force?: boolean;
}

/** `tollgate keys …` */
export function keysCommand(io: CommandLine): Command {
  const keys = new Command('keys').description('API keys: create, list, rotate, disable, expire, revoke');
  keys
    .command('create')
    .description('make a key and show it, once')
    .requiredOption('--tenant <tenant>', 'who pays')
    .requiredOption('--plan <plan>', 'a plan that the app defines')
    .option('--team <team>')
    .option('--user <user>')
    .option('--name <text>', 'for people to read')
    .option('--scope <scope>', 'may be repeated', several, [])
    .option('--model <pattern>', 'narrows the key, e.g. gpt-5*; may be repeated', several, [])
    .option('--label <name=text>', 'may be repeated', several, [])
    .option('--expires <when>', '2027-01-31, or 30d from now')
    .option('--test', 'tg_test_… instead of tg_live_…')
    .option('--force', 'also for a plan that no other key is on')
    .addHelpText(
      'after',
      "\nExample:\n  tollgate keys create --tenant acme --team data --plan pro --scope chat --model 'gpt-5*' --expires 90d",
    )
    .action(async (options: CreateOptions, command: Command) => {
      const { tenant, plan, team, user, name, scope, model, label, expires, test, force } = options;
      const expiresAtMs = expires === undefined ? undefined : momentMs('--expires', expires, io.now());
      const labels = labelsOf(label);
      const models = model.length > 0 ? model : undefined;
      await withSession(io, command, async ({ books, registry, place, say }) => {
        await checkPlan({ books, registry }, plan, force);
        const made = { tenant, team, user, plan, name, scopes: scope, models, labels, expiresAtMs };
        const { key, keyId } = await registry.keys.create({ ...made, live: !test });
        // It may well be made before the app starts, so none is waited for long.
        const readers = await registry.readers('keys', readersMs);
        const found = readers.length > 0 ? readers.join(', ') : 'none at the moment';
        say(
          { key, key_id: keyId, store: place, read_by: readers },
          () =>
            `${key}\n\nThis is the only time that the key is shown. Its id is ${keyId}. It is in ${place}; running processes that take their keys from there: ${found}.\n`,
        );
      });
    });
  keys
    .command('list')
    .description('keys, oldest first')
    .option('--tenant <tenant>')
    .action((options: { tenant?: string }, command: Command) =>
      withSession(io, command, async ({ registry, say }) => {
        const all = await registry.keys.list({ ...options, limit: 100_000 });
        say(all.map(jsonOf), () =>
          table(
            headings,
            all.map((one) => rowOf(one, io.now())),
          ),
        );
      }),
    );
  keys
    .command('rotate')
    .description('give a key a new secret under the same id, and show it, once')
    .argument('<key-id>')
    .option('--overlap <time>', 'how long the secret before is accepted, e.g. 24h', '24h')
    .option('--test', 'tg_test_… instead of tg_live_…')
    .action(async (keyId: string, options: { overlap: string; test?: boolean }, command: Command) => {
      const overlapMs = durationMs('--overlap', options.overlap);
      await withSession(io, command, async ({ registry, confirmed, say }) => {
        const { key } = await registry.keys.rotate(keyId, { overlapMs, live: !options.test });
        const until = isoOf(io.now() + overlapMs);
        say(
          { key, key_id: keyId, overlap_ends_at: until },
          () =>
            `${key}\n\nThis is the only time that the key is shown. The one before it works until ${until}.\n`,
        );
        await confirmed('keys'); // after the key, which would be lost otherwise
      });
    });
  for (const [action, description, done] of [
    ['revoke', 'refuse a key from now on, for good', 'revoked'],
    ['disable', 'refuse a key until it is enabled again', 'disabled'],
    ['enable', 'accept a disabled key again', 'enabled'],
  ] as const) {
    keys
      .command(action)
      .description(description)
      .argument('<key-id>')
      .action((keyId: string, _options: object, command: Command) =>
        withSession(io, command, async ({ registry, confirmed, say }) => {
          await registry.keys[action](keyId);
          const { json, text } = await confirmed('keys');
          say({ key_id: keyId, done, ...json }, () => `${keyId} is ${done}, ${text}.\n`);
        }),
      );
  }
  keys
    .command('expire')
    .description('refuse a key from a time on')
    .argument('<key-id>')
    .argument('<when>', '2027-01-31, or 30d from now')
    .action(async (keyId: string, when: string, _options: object, command: Command) => {
      const atMs = momentMs('<when>', when, io.now());
      await withSession(io, command, async ({ registry, confirmed, say }) => {
        await registry.keys.expire(keyId, atMs);
        const expires = isoOf(atMs);
        const { json, text } = await confirmed('keys');
        say({ key_id: keyId, expires_at: expires, ...json }, () => `${keyId} expires ${expires}, ${text}.\n`);
      });
    });
  return keys;
}

/** How long `create` looks for processes that read the new key, in ms. */
const readersMs = 1_000;

const headings = [
  'key id',
  'name',
  'tenant',
  'team',
  'user',
  'plan',
  'scopes',
  'models',
  'created',
  'status',
];

function rowOf(key: ListedKey, nowMs: number) {
  const { keyId, name, tenant, team, user, plan, scopes, models, createdAtMs } = key;
  return [
    keyId,
    name,
    tenant,
    team,
    user,
    plan,
    scopes,
    models,
    isoOf(createdAtMs)?.slice(0, 10),
    statusOf(key, nowMs),
  ];
}

function statusOf({ revokedAtMs, disabledAtMs, expiresAtMs }: ListedKey, nowMs: number): string {
  if (revokedAtMs !== undefined) return 'revoked';
  if (disabledAtMs !== undefined) return 'disabled';
  if (expiresAtMs === undefined) return 'active';
  return `${expiresAtMs <= nowMs ? 'expired' : 'until'} ${isoOf(expiresAtMs)}`;
}

function jsonOf(key: ListedKey) {
  const { keyId, name, tenant, team, user, plan, scopes, models, labels } = key;
  return {
    ...{ key_id: keyId, name, tenant, team, user, plan, scopes, models, labels },
    created_at: isoOf(key.createdAtMs),
    expires_at: isoOf(key.expiresAtMs),
    disabled_at: isoOf(key.disabledAtMs),
    revoked_at: isoOf(key.revokedAtMs),
    overlap_ends_at: isoOf(key.overlapEndsAtMs),
  };
}

function labelsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UsageError(`--label must be name=text, received ${JSON.stringify(pair)}`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
