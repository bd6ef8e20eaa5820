import { createKey } from '@tollgate/auth';

const variable = 'TOLLGATE_KEYS';

/**
 * The callers of a benchmark, as headers that take turns. Their keys are made by the process that sends the load and are inherited by the
 * servers it starts, in the environment variable that `envKeys()` reads.
 */
export function callers(count: number): Record<string, string>[] {
  process.env[variable] ??= JSON.stringify(
    Array.from({ length: count }, (_none, index) => ({
      key: createKey().key,
      tenant: `tenant-${index}`,
      plan: 'pro',
    })),
  );
  return keys().map(({ key }) => ({ authorization: `Bearer ${key}`, 'content-type': 'application/json' }));
}

/** The keys, for servers that look them up by themselves. */
export function keys(): { key: string; tenant: string }[] {
  return JSON.parse(process.env[variable] ?? '[]');
}
