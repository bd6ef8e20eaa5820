import { describe, expect, it } from '@jest/globals';
import { detachedContext } from '@tollgate/core/internal';
import type { PolicyRule } from '../../src/index.js';
import { appUnderWatch, probe } from './app-under-watch.js';

const policy: readonly PolicyRule[] = [
  { detectors: ['quota-probing'], minScore: 4, action: { do: 'tighten', factor: 0.5, forMs: 60_000 } },
  {
    detectors: ['quota-probing'],
    minScore: 8,
    action: { do: 'tighten', factor: 0.1, forMs: 60_000, windowsUpToMs: 86_400_000 },
  },
];

describe('a caller that is tightened', () => {
  it('comes to the guards behind with a factor, and without it when that has ended', async () => {
    let nowMs = 1_700_000_000_000;
    const { ask, watching } = appUnderWatch({ policy, now: () => nowMs });
    const factorOf = async (caller: string) => (await ask(caller).expect(200)).body.tightened;
    expect(await factorOf('acme/k1')).toBeNull();
    probe('acme/k1', 4);
    expect(await factorOf('acme/k1')).toEqual({ factor: 0.5, windowsUpToMs: 3_600_000 });
    expect(await factorOf('acme/k2')).toBeNull();
    probe('acme/k1', 4);
    expect(await factorOf('acme/k1')).toEqual({ factor: 0.1, windowsUpToMs: 86_400_000 });
    nowMs += 60_000;
    expect(await factorOf('acme/k1')).toBeNull();
    watching.end();
  });

  it('is tightened without a request too, and stays the same object while nothing changes', () => {
    const { watching } = appUnderWatch({ policy });
    probe('acme/k1', 4);
    const caller = { id: 'k1', keyId: 'k1', tenant: 'acme', plan: 'pro', scopes: [], labels: {} };
    const [one, other] = [detachedContext(caller).context, detachedContext(caller).context];
    watching.attach(one);
    watching.attach(other);
    expect(one.caller?.tightened?.factor).toBe(0.5);
    expect(other.caller).toBe(one.caller);
    watching.end();
  });
});
