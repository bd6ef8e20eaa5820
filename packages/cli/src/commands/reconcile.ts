import { type Compared, type ReconcileLine, reconcile } from '@tollgate/postgres';
import { Command } from 'commander';
import { dollarsOf } from '../dollars.js';
import { jsonIn } from '../json-in.js';
import type { CommandLine } from '../run.js';
import { withSession } from '../session.js';
import { table } from '../table.js';

/** `tollgate reconcile` */
export function reconcileCommand(io: CommandLine): Command {
  return new Command('reconcile')
    .description(
      "compare the ledger with a provider's own usage or costs, by day and model; ends with 1 where they differ",
    )
    .argument('<file...>', "pages of OpenAI's or Anthropic's usage or cost API, as JSON")
    .option('--all', 'show what agrees as well')
    .addHelpText(
      'after',
      `
Example:
  curl -sG https://api.openai.com/v1/organization/usage/completions -d start_time=1764547200 -d limit=31 -d group_by=model \\
    -H "Authorization: Bearer $OPENAI_ADMIN_KEY" > usage.json
  tollgate reconcile usage.json`,
    )
    .action(async (files: string[], { all }: { all?: boolean }, command: Command) => {
      const pages = files.map(jsonIn);
      await withSession(io, command, async ({ database, say }) => {
        const lines = await reconcile(database, pages);
        const differing = lines.filter(({ agrees }) => !agrees);
        const told = all ? lines : differing;
        say(told, () =>
          told.length > 0 ? table(headings, told.map(rowOf)) : `All ${lines.length} lines agree.\n`,
        );
        if (differing.length > 0) throw new Error(`${differing.length} of ${lines.length} lines differ`);
      });
    });
}

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
