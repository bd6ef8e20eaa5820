import type { JobType } from 'bullmq';
import { Command } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { UsageError } from '../command/failure.js';
import { table } from '../command/table.js';
import { isoOf } from '../command/when.js';

/** The parts of a deferred request that are shown: never its prompt, nor its answer. */
interface ShownJob {
  readonly id: string;
  readonly caller: { readonly tenant: string; readonly keyId?: string; readonly plan: string };
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly dueAtMs?: number;
  readonly tries: number;
  readonly end?: { readonly state: string; readonly atMs: number };
}

interface JobsOptions {
  redisUrl?: string;
  queue: string;
  tenant?: string;
  limit: string;
}

const states: JobType[] = ['active', 'waiting', 'delayed', 'completed', 'failed'];

/** `tollgate jobs` */
export function jobsCommand(io: CommandLine): Command {
  return new Command('jobs')
    .description(
      'deferred requests in BullMQ on Redis: those that wait, run, and have ended; never their prompts',
    )
    .option('--redis-url <url>', 'where the queue is; otherwise REDIS_URL')
    .option('--queue <name>', 'the name of the app’s BullMQ queue', 'jobs')
    .option('--tenant <tenant>', 'of one tenant only')
    .option('--limit <number>', 'rows at most', '100')
    .addHelpText(
      'after',
      '\nNeeds the package bullmq. Jobs of memoryJobs() are known to their process alone.\n\nExample:\n  tollgate jobs --queue jobs --tenant acme',
    )
    .action(async (options: JobsOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>();
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1) {
        throw new UsageError(`--limit must be a positive integer, received ${JSON.stringify(options.limit)}`);
      }
      const found = await jobsIn(options, io.env.REDIS_URL);
      const shown = found
        .filter(({ caller }) => options.tenant === undefined || caller.tenant === options.tenant)
        .sort((one, other) => other.createdAtMs - one.createdAtMs)
        .slice(0, limit);
      io.write(
        json ? `${JSON.stringify(shown.map(jsonOf), undefined, 2)}\n` : table(headings, shown.map(rowOf)),
      );
    });
}

/** Reads at most ten thousand jobs. */
async function jobsIn(
  { redisUrl, queue: name }: JobsOptions,
  fromEnv: string | undefined,
): Promise<ShownJob[]> {
  const url = redisUrl ?? fromEnv;
  if (!url) throw new UsageError('where is the queue? Give --redis-url, or set REDIS_URL');
  if (!URL.canParse(url)) throw new UsageError('--redis-url must be a URL such as redis://127.0.0.1:6379');
  const { hostname, port, username, password, protocol, pathname } = new URL(url);
  const queue = new (await bull()).Queue(name, {
    connection: {
      ...{ host: hostname, port: Number(port || 6_379), connectTimeout: 5_000, retryStrategy: () => null },
      ...{ maxRetriesPerRequest: 1, db: Number(pathname.slice(1) || 0) },
      ...(username && { username: decodeURIComponent(username) }),
      ...(password && { password: decodeURIComponent(password) }),
      ...(protocol === 'rediss:' && { tls: {} }),
    },
  });
  queue.on('error', () => undefined); // it rejects, too
  try {
    return (await queue.getJobs(states, 0, 9_999)).flatMap(({ data }) => (isJob(data) ? [data] : []));
  } catch {
    throw new Error(`Redis does not answer (${hostname}:${port || 6_379})`);
  } finally {
    await queue.close().catch(() => undefined);
  }
}

async function bull() {
  try {
    return await import('bullmq');
  } catch {
    throw new Error('the package bullmq is needed beside the command: npm install bullmq');
  }
}

function isJob(data: unknown): data is ShownJob {
  const { id, caller, createdAtMs } = Object(data) as Partial<ShownJob>;
  return typeof id === 'string' && typeof caller === 'object' && typeof createdAtMs === 'number';
}

const headings = ['id', 'tenant', 'key', 'plan', 'state', 'created', 'due', 'expires', 'tries'];

const stateOf = ({ end }: ShownJob): string => end?.state ?? 'waits or runs';

function rowOf(job: ShownJob) {
  const { id, caller, createdAtMs, dueAtMs, expiresAtMs, tries } = job;
  return [
    ...[id, caller.tenant, caller.keyId, caller.plan, stateOf(job)],
    ...[isoOf(createdAtMs), isoOf(dueAtMs), isoOf(expiresAtMs), tries],
  ];
}

function jsonOf(job: ShownJob) {
  const { id, caller, createdAtMs, dueAtMs, expiresAtMs, tries, end } = job;
  return {
    ...{ id, tenant: caller.tenant, key_id: caller.keyId, plan: caller.plan, state: stateOf(job), tries },
    ...{ created_at: isoOf(createdAtMs), due_at: isoOf(dueAtMs), expires_at: isoOf(expiresAtMs) },
    ended_at: isoOf(end?.atMs),
  };
}
