import type { Plans } from '@tollgate/core';
import { publish } from '@tollgate/core/internal';
import { loadTokenizer } from '@tollgate/meter/internal';
import type { Ledger } from '@tollgate/postgres';
import { declarePlans } from '@tollgate/postgres/internal';
import type { Watch } from '@tollgate/watch';
import type { PromptSecret } from './prompt-secret.js';
import type { Stores } from './stores.js';
import type { TollgateOptions } from './tollgate-options.js';

/** The parts that requests need: the stores, the tables, the tokenizer. */
export function neededBy(
  { redis, store, database, meter: { inputBound } = {} }: TollgateOptions,
  plans: Plans,
  stores: Stores,
  { watching, prompts }: { watching: Watch | undefined; prompts: PromptSecret | undefined },
): (() => unknown)[] {
  const { ledger, quota } = stores;
  return [
    ...(redis || store || database ? [() => quota.read('readiness', [])] : []),
    ...(watching ? [() => watching.ready()] : []),
    ...(prompts && stores.claims ? [() => prompts.shared()] : []),
    ...(ledger ? [() => ledger.database.ready().then(() => tellOf(plans, ledger))] : []),
    ...(inputBound === 'tokens' ? [loadTokenizer] : []),
  ];
}

/** For commands and reports. Without it they need the plans in a file. */
async function tellOf(plans: Plans, { database }: Ledger): Promise<void> {
  await declarePlans(database, plans).catch((error: unknown) =>
    publish('tollgate:fault', () => ({ where: 'tollgate.plans', error: String(error) })),
  );
}
