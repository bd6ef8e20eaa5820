import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKey, type KeyStore, memoryKeys } from 'tollgate';

/** One key of the demo, with the record by which a store recognises it. */
export interface DemoKey {
  plan: string;
  key: string;
  keyId: string;
  /** Of the key's secret. */
  sha256: string;
}

const demoPlans = ['free', 'pro', 'admin', 'tiny'];

/**
 * Keys to play with, one for each plan, kept in `<directory>/demo-keys.json` so that a restart does not change them. Never made in
 * production.
 */
export function demoKeys(directory: string): { keys: KeyStore; shown: readonly DemoKey[] } {
  const file = join(directory, 'demo-keys.json');
  const shown = keptKeys(file) ?? demoPlans.map((plan) => ({ plan, ...createKey() }));
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, `${JSON.stringify(shown, undefined, 2)}\n`, { mode: 0o600 });
  const keys = memoryKeys(
    shown.map(({ plan, keyId, sha256 }) => ({
      keyId,
      secrets: [{ sha256 }],
      tenant: `demo-${plan}`,
      plan,
      scopes: plan === 'admin' ? ['admin'] : [],
    })),
  );
  return { keys, shown };
}

function keptKeys(file: string): DemoKey[] | undefined {
  try {
    const kept: DemoKey[] = JSON.parse(readFileSync(file, 'utf8'));
    return demoPlans.every((plan, index) => kept[index]?.plan === plan) ? kept : undefined;
  } catch {
    return undefined; // none were kept yet
  }
}
