import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKey, envKeys, type KeyStore, type Tollgate } from 'tollgate';

/** One key of the demo. */
export interface DemoKey {
  plan: string;
  key: string;
  keyId: string;
}

const factsOf = (plan: string) => ({
  tenant: `demo-${plan}`,
  plan,
  scopes: plan === 'admin' ? ['admin'] : [],
});
const demoPlans = ['free', 'pro', 'admin', 'tiny'];

/** Keys to play with, one for each plan, in memory: for an app without a database. `<directory>/demo-keys.json` keeps them over restarts. */
export function demoKeys(directory: string): { keys: KeyStore; shown: readonly DemoKey[] } {
  const kept = keptKeys(directory);
  const shown = demoPlans.map((plan) => kept.get(plan) ?? { plan, ...createKey() });
  keep(directory, shown);
  const entries = shown.map(({ plan, key }) => ({ key, ...factsOf(plan) }));
  return { keys: envKeys({ env: { TOLLGATE_KEYS: JSON.stringify(entries) } }), shown };
}

/**
 * The same keys in the database of the app; those that it does not have are made. Rejects where the database is away. Never call it in
 * production.
 */
export async function demoKeysIn(
  registry: NonNullable<Tollgate['registry']>,
  directory: string,
): Promise<readonly DemoKey[]> {
  const kept = keptKeys(directory);
  const shown: DemoKey[] = [];
  for (const plan of demoPlans) {
    const before = kept.get(plan);
    const isThere = before && (await registry.keys.find(before.keyId));
    shown.push(isThere ? before : { plan, ...(await registry.keys.create(factsOf(plan))) });
  }
  keep(directory, shown);
  return shown;
}

const fileIn = (directory: string): string => join(directory, 'demo-keys.json');

function keep(directory: string, keys: readonly DemoKey[]): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    fileIn(directory),
    `${JSON.stringify(
      keys.map(({ plan, key, keyId }) => ({ plan, key, keyId })),
      undefined,
      2,
    )}\n`,
    { mode: 0o600 },
  );
}

/** By plan. */
function keptKeys(directory: string): ReadonlyMap<string, DemoKey> {
  try {
    const kept: DemoKey[] = JSON.parse(readFileSync(fileIn(directory), 'utf8'));
    return new Map(kept.map((key) => [key.plan, key]));
  } catch {
    return new Map(); // none were kept yet
  }
}
