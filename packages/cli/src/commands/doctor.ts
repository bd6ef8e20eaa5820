import { checkBooks, checkDailyUsage, ledger } from '@tollgate/postgres';
import { redisQuota } from '@tollgate/redis';
import { Command } from 'commander';
import { createClient } from 'redis';
import { type CounterCheck, checkCounters } from '../redis-counters.js';
import type { CommandLine } from '../run.js';
import { type Session, withSession } from '../session.js';
import { table } from '../table.js';

interface DoctorOptions {
  repair?: boolean;
  redisUrl?: string;
  redisPrefix?: string;
}

/** `tollgate doctor` */
export function doctorCommand(io: CommandLine): Command {
  return new Command('doctor')
    .description(
      'check the sums that budgets are restored from and reports are made from, and the counters on Redis, against the ledger; ends with 1 where they differ',
    )
    .option('--repair', 'set wrong sums to what the events say; counters are never changed')
    .option(
      '--redis-url <url>',
      'where counters are; otherwise REDIS_URL, and without either they are not looked at',
    )
    .option('--redis-prefix <prefix>', 'what the app calls its counters', 'tollgate')
    .addHelpText(
      'after',
      `
Events reach the ledger a moment after the counters: run it twice before you believe that a counter is ahead. A counter
that is behind the ledger has lost something.`,
    )
    .action((options: DoctorOptions, command: Command) =>
      withSession(io, command, async (session) => {
        const { database, say } = session;
        const how = { repair: options.repair ?? false, now: io.now };
        const sums = await checkBooks(database, how);
        const days = await checkDailyUsage(database, how);
        const wrong = sums.length + days.length;
        const counters = await countersOf(session, options);
        const gaps = counters?.gaps ?? [];
        say({ sums, days, repaired: how.repair && wrong > 0, counters: counters ?? null }, () =>
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
          ].join(''),
        );
        const open = gaps.length + (how.repair ? 0 : wrong);
        if (open > 0)
          throw new Error(
            `${open} figures differ${wrong > 0 && !how.repair ? '; --repair sets sums right' : ''}`,
          );
      }),
    );
}

async function countersOf(
  { io, database }: Session,
  options: DoctorOptions,
): Promise<CounterCheck | undefined> {
  const url = options.redisUrl ?? io.env.REDIS_URL;
  if (!url) return undefined;
  const client = createClient({ url, socket: { connectTimeout: 5_000, reconnectStrategy: false } });
  client.on('error', () => undefined);
  await client.connect().catch(() => {
    throw new Error('Redis does not answer');
  });
  const prefix = options.redisPrefix ?? 'tollgate';
  const store = redisQuota({ client, prefix, deadlineMs: 5_000, rememberRefusalsMs: 0 });
  try {
    return await checkCounters(store, await ledger({ database }).openWindows());
  } finally {
    await store.end();
    client.destroy();
  }
}
