import {
  type Compared,
  keepReconciliation,
  providerPages,
  type ReconcileLine,
  reconcile,
  type SettledDay,
  settleUnresolved,
} from '@tollgate/reports';
import { Command, Option } from 'commander';
import type { CommandLine } from '../command/command-line.js';
import { dollarsOf } from '../command/dollars.js';
import { UsageError } from '../command/failure.js';
import { jsonIn } from '../command/json-in.js';
import { type PeriodOptions, periodOf, withPeriod } from '../command/period.js';
import { type RedisPlace, withCounters, withRedisPlace } from '../command/redis-store.js';
import { table } from '../command/table.js';
import { withSession } from '../session/session.js';

interface ReconcileOptions extends PeriodOptions, RedisPlace {
  readonly all?: boolean;
  readonly fetch?: 'openai' | 'anthropic';
  readonly settle?: boolean;
  readonly exclusive?: boolean;
}

const help = `
With --settle, attempts whose end is unknown are lowered to what the provider's costs of their day leave for them, in the ledger and on
counters of windows that are still open. Days of the last 48 hours are left alone. --exclusive declares that nothing but the apps of this
ledger uses the account: what others used would count as theirs.

Examples:
  OPENAI_ADMIN_KEY=… tollgate reconcile --fetch openai --from 14d
  OPENAI_ADMIN_KEY=… tollgate reconcile --fetch openai --from 14d --settle --exclusive
  curl -sG https://api.openai.com/v1/organization/costs -d start_time=1764547200 -d limit=31 \\
    -H "Authorization: Bearer $OPENAI_ADMIN_KEY" > costs.json
  tollgate reconcile costs.json`;

const adminKeys = { openai: 'OPENAI_ADMIN_KEY', anthropic: 'ANTHROPIC_ADMIN_KEY' } as const;

/** `tollgate reconcile` */
export function reconcileCommand(io: CommandLine): Command {
  const command = new Command('reconcile')
    .description(
      "compare the ledger with a provider's own usage or costs, by day and model; ends with 1 where they differ",
    )
    .argument('[file...]', "pages of OpenAI's or Anthropic's usage or cost API, as JSON")
    .addOption(
      new Option(
        '--fetch <provider>',
        'ask the provider, with OPENAI_ADMIN_KEY or ANTHROPIC_ADMIN_KEY',
      ).choices(['openai', 'anthropic']),
    )
    .option('--all', 'show what agrees as well')
    .option('--settle', 'settle attempts whose end is unknown by the costs')
    .option('--exclusive', 'declare that nothing else uses the account; needed by --settle')
    .addHelpText('after', help);
  return withRedisPlace(withPeriod(command)).action(
    async (files: string[], options: ReconcileOptions, self: Command) => {
      if (options.settle && !options.exclusive) {
        throw new UsageError(
          '--settle needs --exclusive, which declares that nothing but the apps of this ledger uses the account',
        );
      }
      const pages = await pagesOf(files, options, io);
      if (options.settle) await settle(io, self, options, pages);
      else await compare(io, self, options, pages);
    },
  );
}

async function pagesOf(files: string[], options: ReconcileOptions, io: CommandLine): Promise<unknown[]> {
  const { fetch: provider, month, from, to } = options;
  if (files.length > 0 === (provider !== undefined)) {
    throw new UsageError('give files, or --fetch openai or --fetch anthropic');
  }
  if (provider === undefined) {
    if (month !== undefined || from !== undefined || to !== undefined) {
      throw new UsageError('--month, --from and --to are for --fetch; files say their days themselves');
    }
    return files.map(jsonIn);
  }
  const adminKey = io.env[adminKeys[provider]];
  if (!adminKey) throw new UsageError(`--fetch ${provider} needs ${adminKeys[provider]} in the environment`);
  const { fromMs, toMs } = periodOf(options, io.now());
  const endMs = Math.min(toMs, io.now());
  if (fromMs >= endMs) throw new UsageError('the period has not begun yet');
  return providerPages({ provider, adminKey, fromMs, toMs: endMs, ...(io.fetch && { fetch: io.fetch }) });
}

async function compare(
  io: CommandLine,
  self: Command,
  { all }: ReconcileOptions,
  pages: unknown[],
): Promise<void> {
  await withSession(io, self, async ({ database, say }) => {
    const lines = await reconcile(database, pages);
    const actor = self.optsWithGlobals<{ actor?: string }>().actor ?? `cli:${io.user}`;
    await keepReconciliation(database, { actor, lines, nowMs: io.now() });
    const differing = lines.filter(({ agrees }) => !agrees);
    const told = all ? lines : differing;
    say(told, () =>
      told.length > 0 ? table(headings, told.map(rowOf)) : `All ${lines.length} lines agree.\n`,
    );
    if (differing.length > 0) throw new Error(`${differing.length} of ${lines.length} lines differ`);
  });
}

async function settle(
  io: CommandLine,
  self: Command,
  options: ReconcileOptions,
  pages: unknown[],
): Promise<void> {
  const actor = self.optsWithGlobals<{ actor?: string }>().actor ?? `cli:${io.user}`;
  await withSession(io, self, ({ database, say }) =>
    withCounters(options, io, async (store) => {
      const how = { pages, exclusive: true, actor, now: io.now } as const;
      const days = await settleUnresolved(database, { ...how, ...(store && { store }) });
      const told = options.all ? days : days.filter(({ outcome }) => outcome !== 'nothing unresolved');
      say(told, () =>
        told.length > 0
          ? table(settledHeadings, told.map(settledRow))
          : `Nothing is unresolved in these ${days.length} days.\n`,
      );
      const foreign = days.filter(({ outcome }) => outcome === 'foreign traffic').length;
      if (foreign > 0) {
        throw new Error(
          `${foreign} of ${days.length} days were left as they are: the provider billed more than this ledger can explain, so something else uses the account`,
        );
      }
    }),
  );
}

const settledHeadings = ['day', 'outcome', 'attempts', 'provider', 'known', 'unresolved', 'then'];

const settledRow = (one: SettledDay): string[] => [
  ...[one.day, one.outcome, String(one.attempts), money(one.providerNanoUsd), money(one.settledNanoUsd)],
  ...[money(one.unresolvedBeforeNanoUsd), money(one.unresolvedAfterNanoUsd)],
];

const headings = ['day', 'model', 'input', 'cached', 'output', 'cost', 'unconfirmed', 'status'];

function rowOf({
  day,
  model,
  inputTokens,
  cachedInputTokens,
  outputTokens,
  costNanoUsd,
  unconfirmedNanoUsd,
  agrees,
}: ReconcileLine) {
  return [
    ...[day, model ?? 'all', both(inputTokens), both(cachedInputTokens), both(outputTokens)],
    both(costNanoUsd && { ledger: money(costNanoUsd.ledger), provider: money(costNanoUsd.provider) }),
    ...[money(unconfirmedNanoUsd), agrees ? 'agrees' : 'differs'],
  ];
}

/** One figure where both agree, else ours and theirs. */
function both(pair: Compared<number | string> | undefined): string | undefined {
  if (!pair) return undefined;
  return pair.ledger === pair.provider ? String(pair.ledger) : `${pair.ledger} ≠ ${pair.provider}`;
}

function money(nanoUsd: string): string {
  return `$${dollarsOf(BigInt(nanoUsd))}`;
}
