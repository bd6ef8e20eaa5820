import { setTimeout as delay } from 'node:timers/promises';
import { checkDailyUsage, ledger, verifyLedger } from '@tollgate/postgres';
import {
  checkLeases,
  type LeaseCheck,
  type RepairedCounter,
  redisQuota,
  repairCounters,
} from '@tollgate/redis';
import { Command } from 'commander';
import { createClient } from 'redis';
import type { CommandLine } from '../command/command-line.js';
import { UsageError } from '../command/failure.js';
import { type CounterCheck, checkCounters } from '../command/redis-counters.js';
import { table } from '../command/table.js';
import { noteSpool, type Session, withSession } from '../session/session.js';

interface DoctorOptions {
  repair?: boolean;
  spoolsEmpty?: boolean;
  redisUrl?: string;
  redisPrefix?: string;
}

/** `tollgate doctor` */
export function doctorCommand(io: CommandLine): Command {
  return new Command('doctor')
    .description(
      'check the sums that budgets are restored from and reports are made from, and the counters on Redis, against the ledger; ends with 1 where they differ',
    )
    .option(
      '--repair',
      'correct wrong sums from the events, and end leases that are overdue; with --spools-empty, set counters to the ledger’s amounts',
    )
    .option('--spools-empty', 'declare that no app has a spool with events that the ledger lacks')
    .option(
      '--redis-url <url>',
      'where counters are; otherwise REDIS_URL, and without either they are not looked at',
    )
    .option('--redis-prefix <prefix>', 'what the app calls its counters', 'tollgate')
    .addHelpText(
      'after',
      `
Events reach the ledger a moment after the counters: run it twice before you believe that a counter is ahead. A counter
that is behind the ledger has lost something. "doctor --repair --spools-empty" sets counters right, while apps may run: it waits until the
events in Redis are delivered. An event that waits in an app's spool would be taken for one that was never charged.`,
    )
    .action((options: DoctorOptions, command: Command) =>
      withSession(io, command, async (session) => {
        const { database, say } = session;
        if (options.spoolsEmpty && !options.repair) throw new UsageError('--spools-empty is for --repair');
        const how = { repair: options.repair ?? false, now: io.now };
        const sums = await verifyLedger(database, how);
        const days = await checkDailyUsage(database, how);
        const wrong = sums.length + days.length;
        const redis = await redisOf(session, options);
        const counters = redis?.counters;
        const gaps = counters?.gaps ?? [];
        const overdue = redis?.leases.overdue ?? [];
        say(
          {
            sums,
            days,
            repaired: how.repair && wrong > 0,
            counters: counters ?? null,
            repairedCounters: redis?.repaired ?? [],
            leases: redis?.leases ?? null,
          },
          () =>
            [
              `Sums of the ledger: ${sums.length === 0 ? 'all right' : `${sums.length} wrong`}\n`,
              sums.length === 0
                ? ''
                : table(
                    ['counter', 'window', 'kept', 'charged'],
                    sums.map((one) => [one.counter, one.window, one.kept, one.charged]),
                  ),
              `Sums of days: ${days.length === 0 ? 'all right' : `${days.length} wrong`}\n`,
              days.length === 0
                ? ''
                : table(
                    ['day', 'kept attempts', 'kept nano-dollars', 'attempts', 'nano-dollars'],
                    days.map((one) => [
                      one.day,
                      one.keptAttempts,
                      one.keptNanoUsd,
                      one.attempts,
                      one.costNanoUsd,
                    ]),
                  ),
              counters
                ? `Counters on Redis: ${counters.compared} compared, ${counters.skipped} not comparable, ${gaps.length} differ\n`
                : 'Counters on Redis: not looked at (no REDIS_URL)\n',
              gaps.length === 0
                ? ''
                : table(
                    ['counter', 'window', 'counted', 'ledger', 'held'],
                    gaps.map((one) => [one.counter, one.window, one.counted, one.ledger, one.held]),
                  ),
              redis && redis.repaired.length > 0
                ? `Set right:\n${table(
                    ['counter', 'window', 'by'],
                    redis.repaired.map((one) => [one.counter, one.window, one.by]),
                  )}`
                : '',
              redis
                ? `Leases on Redis: ${sum(redis.leases.countByPartition)}, ${overdue.length} overdue\n`
                : '',
              overdue.length === 0
                ? ''
                : table(
                    ['lease', 'partition', 'overdue for ms'],
                    overdue.map((one) => [one.id, one.partition, one.overdueMs]),
                  ),
            ].join(''),
        );
        await noteSpool(io, command);
        const open = gaps.length + (how.repair ? 0 : wrong);
        if (open > 0)
          throw new Error(`${open} figures differ${hintFor(wrong > 0 && !how.repair, gaps.length > 0)}`);
        if (overdue.length > 0)
          throw new Error(
            `${overdue.length} leases are overdue: no app looks after them; --repair ends them`,
          );
      }),
    );
}

/** Sums first: counters may differ from them alone. */
function hintFor(areSumsWrong: boolean, areCountersWrong: boolean): string {
  if (areSumsWrong) return '; --repair sets sums right';
  return areCountersWrong ? '; --repair --spools-empty sets counters right' : '';
}

const sum = (counts: readonly number[]): number => counts.reduce((total, one) => total + one, 0);

async function redisOf(
  { io, database }: Session,
  options: DoctorOptions,
): Promise<{ counters: CounterCheck; leases: LeaseCheck; repaired: readonly RepairedCounter[] } | undefined> {
  const url = options.redisUrl ?? io.env.REDIS_URL;
  if (!url) return undefined;
  const client = createClient({ url, socket: { connectTimeout: 5_000, reconnectStrategy: false } });
  client.on('error', () => undefined);
  await client.connect().catch(() => {
    throw new Error('Redis does not answer');
  });
  const prefix = options.redisPrefix ?? 'tollgate';
  let leases = await checkLeases({ client, prefix });
  // Reading a partition reaps its expired leases; without the outbox, the events of those leases would be lost.
  const store = redisQuota({
    ...{ client, prefix, deadlineMs: 5_000, rememberRefusalsMs: 0, outbox: true },
    sweepEveryMs: options.repair ? 10 : 3_600_000,
  });
  try {
    await store.read('doctor', []); // the first operation of a store reads every partition
    const endMs = performance.now() + repairMs;
    while (options.repair && leases.overdue.length > 0 && performance.now() < endMs) {
      await delay(50);
      leases = await checkLeases({ client, prefix });
    }
    const spent = ledger({ database });
    const repaired = options.spoolsEmpty ? await repairCounters({ client, prefix, spent }) : [];
    return { counters: await checkCounters(store, await spent.openWindows()), leases, repaired };
  } finally {
    await store.end();
    client.destroy();
  }
}

/** How long overdue leases may take to be ended. */
const repairMs = 10_000;
