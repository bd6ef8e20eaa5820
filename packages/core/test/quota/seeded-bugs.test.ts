import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { isSound } from '@tollgate/testkit/contracts';
import { build } from 'esbuild';
import type { parseUsd, QuotaStore, UsageEvent } from '../../src/index.js';
import type { MemoryQuotaOptions } from '../../src/internal.js';

interface Built {
  readonly memoryQuota: (options: MemoryQuotaOptions) => QuotaStore;
  readonly parseUsd: typeof parseUsd;
}

/** One text in one source file, and what is put in its place. */
interface Bug {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Mistakes that quota engines are known to be written with. */
const bugs: Readonly<Record<string, Bug>> = {
  'no look at whether an id is known': {
    file: 'quota-engine.ts',
    find: 'if (known) return known.answer',
    replace: 'if (false) return known?.answer',
  },
  'no look at whether an attempt was charged': {
    file: 'quota-settlement.ts',
    find: "attempt.state === 'charged' ? 'repeated'",
    replace: "false ? 'repeated'",
  },
  'an increment before the check': {
    file: 'quota-admission.ts',
    find: 'const grant = grantFor(charge, windowCounter, ahead, asking);',
    replace: 'windowCounter.hold(charge.want); const grant = grantFor(charge, windowCounter, ahead, asking);',
  },
  'leases that never run out': {
    file: 'lease-registry.ts',
    find: 'soonest && soonest.expiresAtMs <= nowMs ? soonest : undefined',
    replace: 'undefined',
  },
  'a reaped lease that is charged what was said of it only': {
    file: 'quota-settlement.ts',
    find: 'Math.min(Math.max(0, floor - running), left)',
    replace: '0',
  },
  'floors beyond what is held': {
    file: 'quota-settlement.ts',
    find: 'Math.min(Math.max(0, floor - running), left)',
    replace: 'Math.max(0, floor - running)',
  },
  'a correction made as often as it is asked for': {
    file: 'quota-engine.ts',
    find: 'if (this.#leases.get({ id, partition }, nowMs)) return;\n    this.#remember',
    replace: 'this.#remember',
  },
  'a correction of whatever window is open': {
    file: 'quota-counters.ts',
    find: 'if (current?.windowId === windowId) {\n      if (!current.hasEnded(nowMs))',
    replace: 'if (current) {\n      if (!current.hasEnded(nowMs))',
  },
  'a window that is reset by setting it to 0': {
    file: 'quota-counters.ts',
    find: 'this.#roll(counter.counter, current, calendarSpan(window, nowMs))',
    replace: 'Object.assign(current, { used: 0, held: 0, span: calendarSpan(window, nowMs) })',
  },
  '|| for ?? where a minimum is 0': {
    file: 'quota-admission.ts',
    find: 'min ?? want',
    replace: 'min || want',
  },
  '|| for ?? where a refusal tells whether it ever fits': {
    file: 'quota-refusal.ts',
    find: 'charge.min ?? charge.want',
    replace: 'charge.min || charge.want',
  },
  'sums of dollars in floats': {
    file: 'window-counter.ts',
    find: 'this.used = Math.max(0, this.used + amount);',
    replace: 'this.used = Math.max(0, (this.used / 1e9 + amount / 1e9) * 1e9);',
  },
  'dollars read as floats': {
    file: 'money.ts',
    find: 'const amount = whole + fraction;',
    replace: 'const amount = Number(match[0].replace("$", "")) * 1e9;',
  },
};

const source = fileURLToPath(new URL('../../src', import.meta.url));

/** The memory store and the reading of money, built from the sources with one bug in them. */
async function builtWith(bug?: Bug): Promise<Built> {
  const contents = `export * from './quota/memory-quota.ts'; export * from './lib/money.ts';`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: source, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    plugins: [
      {
        name: 'seeded bug',
        setup: (building) =>
          building.onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const text = readFileSync(path, 'utf8');
            if (basename(path) !== bug?.file) return { contents: text, loader: 'ts' };
            expect(text.split(bug.find)).toHaveLength(2);
            return { contents: text.replace(bug.find, () => bug.replace), loader: 'ts' };
          }),
      },
    ],
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? '')}`);
}

async function holds({ memoryQuota, parseUsd }: Built): Promise<boolean> {
  if (parseUsd('$1.005') !== 1_005_000_000) return false;
  return isSound(() => {
    let nowMs = Date.parse('2026-11-21T12:00:30.123Z');
    const written: UsageEvent[] = [];
    const sink = { write: (event: UsageEvent): void => void written.push(event) };
    return {
      store: memoryQuota({ now: () => nowMs, sinks: [sink], reapEveryMs: 3_600_000 }),
      now: () => nowMs,
      advance: (ms) => {
        nowMs += ms;
      },
      events: async () => {
        await new Promise(setImmediate);
        return written;
      },
    };
  });
}

describe('the quota engine with a seeded bug', () => {
  it('is held against checks that it passes without one', async () => {
    expect(await holds(await builtWith())).toBe(true);
  });

  for (const [name, bug] of Object.entries(bugs)) {
    it(`is caught: ${name}`, async () => {
      expect(await holds(await builtWith(bug))).toBe(false);
    });
  }
});
