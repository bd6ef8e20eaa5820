import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SwitchStore } from '@tollgate/core';
import {
  holdsSecret,
  parseKey,
  type SwitchEntry,
  type SwitchKind,
  switchKinds,
} from '@tollgate/core/internal';
import { redisSwitch } from '@tollgate/redis';
import { fileSwitch } from '@tollgate/watch';
import { Argument, Command } from 'commander';
import { createClient } from 'redis';
import { type CommandLine, confirmMsOf } from '../command/command-line.js';
import { UsageError } from '../command/failure.js';
import { table } from '../command/table.js';
import { isoOf, momentMs } from '../command/when.js';
import { remoteSwitch } from '../remote/remote-switch.js';
import { apiOf } from '../session/session.js';

interface PlaceOptions {
  readonly url?: string;
  readonly databaseUrl?: string;
  readonly dir?: string;
  readonly redisUrl?: string;
  readonly redisPrefix?: string;
  readonly actor?: string;
  readonly json?: boolean;
}

const help = `
Where: --redis-url or REDIS_URL, otherwise switch.json in the folder of --dir, TOLLGATE_DIR or .tollgate. Processes
read it twice a second. The command waits until one of them has confirmed it, and ends with 1 where none has (--no-wait: does not wait).

Names are exact, but for models and providers without regard to case, and a * at the end of a model's covers every ending. A key is
named by its public id; of a whole key only that is kept.

Examples:
  tollgate switch off everything --reason 'runaway agent' --cut
  tollgate switch off tenant acme --reason 'unpaid' --until 2027-01-31
  tollgate switch off key 4fXq0W2bTzL9sD1k --reason 'leaked' --cut
  tollgate switch off user acme/jane --reason 'loop' --until 30m
  tollgate switch off model 'gpt-4o-mini*' --reason 'price change'
  tollgate switch on tenant acme`;

/** `tollgate switch …` */
export function switchCommand(io: CommandLine): Command {
  const all = new Command('switch').description(
    'switch keys, tenants, models, providers or everything off and on',
  );
  const kind = (): Argument => new Argument('<kind>', 'what').choices(switchKinds);
  const name = (): Argument =>
    new Argument('[name]', 'which: not for everything; of a team or user <tenant>/<name>');
  switchPlaced(
    all
      .command('off')
      .description('refuse it with 403 in every process, from now on')
      .addArgument(kind())
      .addArgument(name())
      .requiredOption('--reason <text>', 'why; clients are not told')
      .option('--until <moment>', 'when it ends by itself: a date, or a time from now such as 30m')
      .option('--cut', 'end requests that run already as well'),
  )
    .addHelpText('after', help)
    .action(
      (
        kind: SwitchKind,
        name: string | undefined,
        options: { reason: string; until?: string; cut?: boolean },
        command: Command,
      ) =>
        withSwitch(io, command, async (store, say, by, place) => {
          const expiresAtMs =
            options.until === undefined ? undefined : momentMs('--until', options.until, io.now());
          if (expiresAtMs !== undefined && expiresAtMs <= io.now())
            throw new UsageError(`--until must be in the future, received ${JSON.stringify(options.until)}`);
          const entry: SwitchEntry = {
            kind,
            name: nameOf(kind, name),
            reason: options.reason,
            by,
            sinceMs: io.now(),
            ...(expiresAtMs !== undefined && { expiresAtMs }),
            cutsRunning: options.cut ?? false,
          };
          await understood(() => store.turnOff(entry));
          const readers = await confirmed(store, place, command, confirmMsOf(io));
          say(
            { ...jsonOf(entry), store: place, confirmed_by: readers },
            () => `Off, ${inWords(place, readers)}.\n\n${table(headings, [rowOf(entry)])}`,
          );
        }),
    );
  switchPlaced(
    all.command('on').description('let it through again').addArgument(kind()).addArgument(name()),
  ).action((kind: SwitchKind, name: string | undefined, _options: object, command: Command) =>
    withSwitch(io, command, async (store, say, _by, place) => {
      const named = nameOf(kind, name);
      if (!(await store.turnOn(kind, named))) throw new Error(`${`${kind} ${named}`.trim()} was not off`);
      const readers = await confirmed(store, place, command, confirmMsOf(io));
      say(
        { kind, name: named, on: true, store: place, confirmed_by: readers },
        () => `On, ${inWords(place, readers)}.\n`,
      );
    }),
  );
  switchPlaced(all.command('list').description('what is off')).action((_options: object, command: Command) =>
    withSwitch(io, command, async (store, say) => {
      const entries = (await store.read())?.entries ?? [];
      const off = entries.filter(({ expiresAtMs = Number.POSITIVE_INFINITY }) => expiresAtMs > io.now());
      say(off.map(jsonOf), () => (off.length === 0 ? 'Nothing is off.\n' : table(headings, off.map(rowOf))));
    }),
  );
  return all;
}

/** Adds the options that locate a switch. */
export function switchPlaced(command: Command): Command {
  return command
    .option('--redis-url <url>', 'where the switch is; otherwise REDIS_URL, otherwise a file')
    .option('--redis-prefix <prefix>', 'what the app calls its keys', 'tollgate');
}

/**
 * The processes that have confirmed the change. Rejects if there is none in time: the change is written, and nothing shows that it has an effect.
 * Empty with `--no-wait`.
 */
async function confirmed(
  store: SwitchStore,
  place: string,
  command: Command,
  withinMs: number,
): Promise<readonly string[]> {
  if (command.optsWithGlobals<{ wait: boolean }>().wait === false) return [];
  const { version = '' } = (await store.read()) ?? {};
  const endMs = performance.now() + withinMs;
  for (;;) {
    const readers = (await store.confirmedBy?.(version)) ?? [];
    if (readers.length > 0) return readers;
    if (performance.now() > endMs) break;
    await delay(100);
  }
  throw new Error(
    `written to ${place}, but no running process has confirmed it within ${withinMs / 1_000} s. Either no app runs, or its switch is elsewhere: on Redis where the app has a Redis URL (--redis-url, --redis-prefix), else in a file (--dir). With --no-wait the command does not wait.`,
  );
}

function inWords(place: string, readers: readonly string[]): string {
  if (readers.length === 0) return `written to ${place}; not confirmed by a process`;
  return `in ${place}; confirmed by ${readers.length === 1 ? 'process' : `${readers.length} processes:`} ${readers.join(', ')}`;
}

/** Runs with the switch that options and environment locate. */
export async function withSwitch(
  io: CommandLine,
  command: Command,
  work: (
    store: SwitchStore,
    say: (found: unknown, text: () => string) => void,
    by: string,
    place: string,
  ) => Promise<void>,
): Promise<void> {
  const options: PlaceOptions = command.optsWithGlobals();
  const api = apiOf(options, io);
  const say = (found: unknown, text: () => string): void =>
    io.write(options.json ? `${JSON.stringify(found, undefined, 2)}\n` : text());
  const by = options.actor ?? `cli:${io.user}`;
  if (api) return work(remoteSwitch(api), say, by, api.host);
  const url = options.redisUrl || (options.dir ? undefined : io.env.REDIS_URL);
  if (!url) {
    if (!options.dir && io.env.DATABASE_URL) {
      throw new UsageError(
        'where is the switch? There is a DATABASE_URL and no REDIS_URL: give --redis-url where the app has one, or --dir for the folder of its switch file',
      );
    }
    const folder = options.dir || io.env.TOLLGATE_DIR || '.tollgate';
    const path = join(folder, 'switch.json');
    return work(fileSwitch(path), say, by, path);
  }
  const client = createClient({ url, socket: { connectTimeout: 2_000, reconnectStrategy: false } });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await work(
      redisSwitch({ client, prefix: options.redisPrefix ?? 'tollgate', deadlineMs: 2_000 }),
      say,
      by,
      `Redis ${URL.canParse(url) ? new URL(url).host : ''} (prefix "${options.redisPrefix ?? 'tollgate'}")`,
    );
  } finally {
    client.destroy();
  }
}

/** A whole key, as it is found in a leak, is replaced by its public id; its secret is not used. */
function nameOf(kind: SwitchKind, name = ''): string {
  const keyId = kind === 'key' ? parseKey(name.trim())?.keyId : undefined;
  if (keyId !== undefined || !holdsSecret(name)) return keyId ?? name;
  throw new UsageError(
    kind === 'key'
      ? 'the key is not whole, or mistyped: give it whole, or its public id, the part between tg_live_ and the next _'
      : `a ${kind} is not named by a key; for a key: tollgate switch off key <public id>`,
  );
}

/** An invalid switch entry is reported as a usage error. */
async function understood(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message.replace(/^\w+: /, ''));
    throw error;
  }
}

const headings = ['kind', 'name', 'reason', 'by', 'since', 'until', 'cuts running'];

function rowOf({ kind, name, reason, by, sinceMs, expiresAtMs, cutsRunning }: SwitchEntry) {
  return [kind, name, reason, by, isoOf(sinceMs), isoOf(expiresAtMs), cutsRunning ? 'yes' : 'no'];
}

function jsonOf({ kind, name, reason, by, sinceMs, expiresAtMs, cutsRunning }: SwitchEntry) {
  return {
    kind,
    name,
    reason,
    by,
    since: isoOf(sinceMs),
    until: isoOf(expiresAtMs),
    cuts_running: cutsRunning,
  };
}
