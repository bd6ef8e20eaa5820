import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SwitchEntry, SwitchStore } from '@tollgate/core';

const entry: SwitchEntry = {
  kind: 'tenant',
  name: 'acme',
  reason: 'runaway',
  by: 'ann',
  sinceMs: 1_000,
  cutsRunning: true,
};

/** A switch store, and a second one on the same place, as another process has it. */
export interface SwitchUnderTest {
  readonly store: SwitchStore;
  readonly other: SwitchStore;
  end?(): Promise<void>;
}

/** What every switch store must do. `make` is called for each test. */
export function switchContract(name: string, make: () => Promise<SwitchUnderTest> | SwitchUnderTest): void {
  describe(`the switch store ${name}`, () => {
    let given: SwitchUnderTest;
    beforeEach(async () => {
      given = await make();
    });
    afterEach(() => given.end?.());

    it('is empty at first, and tells a reader who knows that nothing more', async () => {
      const state = await given.store.read();
      expect(state?.entries).toEqual([]);
      expect(await given.store.read(state?.version)).toBeUndefined();
    });

    it('shows another process what was switched off, whole, once', async () => {
      await given.store.turnOff(entry);
      await given.store.turnOff({ ...entry, reason: 'again', expiresAtMs: 9e15 });
      await given.store.turnOff({ ...entry, kind: 'everything', name: '' });
      const state = await given.other.read();
      expect(state?.entries).toHaveLength(2);
      expect(state?.entries).toContainEqual({ ...entry, reason: 'again', expiresAtMs: 9e15 });
      expect(await given.other.read(state?.version)).toBeUndefined();
    });

    it('has another version after every change, also where a name comes back', async () => {
      const versions = new Set([(await given.store.read())?.version]);
      for (let round = 0; round < 3; round += 1) {
        await given.store.turnOff(entry);
        versions.add((await given.other.read())?.version);
        expect(await given.other.turnOn('tenant', 'acme')).toBe(true);
        versions.add((await given.store.read())?.version);
      }
      expect(versions.size).toBe(7);
      expect((await given.store.read())?.entries).toEqual([]);
      expect(await given.store.turnOn('tenant', 'acme')).toBe(false);
    });

    it('takes any name, and no entry that could not mean anything', async () => {
      for (const name of ['a:b', 'ünï 🌊', '__proto__', 'version', '"; DROP', 'a/b/c']) {
        await given.store.turnOff({ ...entry, kind: 'key', name });
        expect((await given.other.read())?.entries.map((one) => one.name)).toContain(name);
        expect(await given.store.turnOn('key', name)).toBe(true);
      }
      const wrong: [Partial<SwitchEntry>, string][] = [
        [{ kind: 'planet' as 'key' }, '"kind" must be one of'],
        [{ name: '' }, '"name" must be a tenant'],
        [{ kind: 'everything' }, '"name" must be empty'],
        [{ kind: 'user', name: 'jane' }, '"name" must be <tenant>/<user>'],
        [{ reason: '' }, '"reason" must be'],
        [{ expiresAtMs: Number.NaN }, '"expiresAtMs" must be'],
      ];
      for (const [part, message] of wrong) {
        await expect(given.store.turnOff({ ...entry, ...part })).rejects.toThrow(message);
      }
      expect((await given.store.read())?.entries).toEqual([]);
    });
  });
}
