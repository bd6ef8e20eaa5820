import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SwitchStore } from '@tollgate/core';
import { createKey, type SwitchEntry } from '@tollgate/core/internal';

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

/** The contract of every switch store. `make` is called for each test. */
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

    it('shows which processes have confirmed the version of a change, and not those that confirmed an earlier one', async () => {
      await given.store.turnOff(entry);
      const { version = '' } = (await given.other.read()) ?? {};
      expect(await given.store.confirmedBy?.(version)).toEqual([]);
      await given.other.confirm?.('host:1', version);
      await given.store.confirm?.('host:2', version);
      expect([...((await given.store.confirmedBy?.(version)) ?? [])].sort()).toEqual(['host:1', 'host:2']);
      await given.store.turnOff({ ...entry, name: 'globex' });
      const later = await given.store.read();
      expect(await given.store.confirmedBy?.(later?.version ?? '')).toEqual([]);
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
        [{ expiresAtMs: 1_000 }, '"expiresAtMs" must be after'],
        [{ kind: 'model', name: 'gpt-*-mini' }, '"*" at its end only'],
        [{ kind: 'key', name: 'tg_live_4fXq0W2b' }, 'the public id of a key'],
      ];
      for (const [part, message] of wrong) {
        await expect(given.store.turnOff({ ...entry, ...part })).rejects.toThrow(message);
      }
      expect((await given.store.read())?.entries).toEqual([]);
    });

    it('knows a model and a provider in any case', async () => {
      for (const [kind, name] of [
        ['model', 'GPT-5'],
        ['provider', 'OpenAI'],
      ] as const) {
        await given.store.turnOff({ ...entry, kind, name });
        await given.store.turnOff({ ...entry, kind, name: name.toLowerCase() });
        expect((await given.other.read())?.entries).toHaveLength(1);
        expect(await given.other.turnOn(kind, name.toUpperCase())).toBe(true);
      }
      expect((await given.store.read())?.entries).toEqual([]);
    });

    it('takes no whole key, under any kind or in a reason, and does not repeat it', async () => {
      const { key } = createKey();
      const parts: Partial<SwitchEntry>[] = [
        { kind: 'key', name: key },
        { kind: 'key', name: key.slice(0, -8) },
        { kind: 'user', name: key },
        { reason: `leaked: ${key}` },
        { kind: 'key', name: 'tg_child_eyJhbGciOi' },
      ];
      for (const part of parts) {
        const message = await given.store.turnOff({ ...entry, ...part }).then(
          () => 'taken',
          (error: Error) => error.message,
        );
        expect(message).toContain('must not hold a whole key');
        expect(message).not.toContain(part.name ?? key);
      }
      expect((await given.store.read())?.entries).toEqual([]);
    });
  });
}
