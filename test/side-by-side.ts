import { beforeAll, it } from '@jest/globals';

/**
 * Declares one test for each scenario, and runs the scenarios side by side: for those that mostly wait, for leases or for processes to
 * start. They must not share state. `timeoutMs` is for all of them together.
 */
export function sideBySide(
  scenarios: Readonly<Record<string, () => Promise<void>>>,
  timeoutMs: number,
): void {
  const runs = new Map<string, Promise<void>>();
  beforeAll(() => {
    for (const [title, scenario] of Object.entries(scenarios)) {
      const run = scenario();
      // A failure is reported by the scenario's own test.
      run.catch(() => undefined);
      runs.set(title, run);
    }
  });
  for (const title of Object.keys(scenarios)) it(title, () => runs.get(title), timeoutMs);
}
