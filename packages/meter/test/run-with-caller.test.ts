import { describe, expect, it } from '@jest/globals';
import type { Caller } from '@tollgate/core';
import { runWith } from '../src/index.js';

const caller: Caller = { id: 'k', tenant: 'acme', plan: 'free', scopes: [], labels: {} };

describe('runWith()', () => {
  it("takes a request's caller as it is, also while its limits are reduced", async () => {
    const tightened = { factor: 0.5, windowsUpToMs: 3_600_000 };
    const seen = await runWith({ ...caller, tightened }, ({ caller: inside }) => inside);
    expect(seen).toEqual({ ...caller, tightened });
  });

  it('rejects a caller that is none, and names what is missing', async () => {
    await expect(runWith({ tenant: 'acme' } as Caller, () => 1)).rejects.toThrow(
      'runWith: caller: "plan" is required',
    );
  });
});
