import { describe, expect, it } from '@jest/globals';
import { createManualClock } from '@tollgate/testkit';
import { providerStoreContract } from '@tollgate/testkit/contracts';
import { memoryProviders } from '../../src/internal.js';

providerStoreContract('in memory', () => {
  const { now, advance } = createManualClock();
  const store = memoryProviders({ nowMs: now });
  return { store, other: store, advance };
});

describe('memoryProviders()', () => {
  it('remembers the thousand models that were asked for last', () => {
    const store = memoryProviders({ nowMs: () => 0 });
    const nothing = { unit: 'requests', limit: 1, remaining: 0, resetMs: 60_000 } as const;
    for (let index = 0; index < 1_001; index += 1) store.state(`model ${index}`, { limits: [nothing] });
    expect(store.waitMs('model 0', { requests: 1 })).toBe(0);
    expect(store.waitMs('model 1', { requests: 1 })).toBe(60_000);
  });

  it('throws at start for a misspelt option', () => {
    expect(() => memoryProviders({ nowMS: () => 0 } as never)).toThrow('did you mean "nowMs"?');
  });
});
