import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { memorySwitch } from '@tollgate/core';
import type { MitigationStore } from '@tollgate/core/internal';
import { mitigationContract, switchContract } from '@tollgate/testkit/contracts';
import { fileSwitch } from '../../src/index.js';

const directory = mkdtempSync(join(tmpdir(), 'tollgate-switch-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;
const nextPath = (): string => {
  files += 1;
  return join(directory, String(files), 'switch.json');
};

switchContract('in memory', () => {
  const store = memorySwitch();
  return { store, other: store };
});

switchContract('in a file', () => {
  const path = nextPath();
  return { store: fileSwitch(path), other: fileSwitch(path) };
});

mitigationContract('in memory', () => {
  const { mitigations: store } = memorySwitch() as { mitigations: MitigationStore };
  return { store, other: store };
});

mitigationContract('in files', () => {
  const path = nextPath();
  const storeOf = () => fileSwitch(path).mitigations as MitigationStore;
  return { store: storeOf(), other: storeOf() };
});

describe('fileSwitch()', () => {
  it('leaves nothing beside the file, and rejects one that is none of ours', async () => {
    const path = nextPath();
    const store = fileSwitch(path);
    await store.turnOff({ kind: 'model', name: 'm', reason: 'r', by: 'b', sinceMs: 1, cutsRunning: false });
    expect(readdirSync(join(path, '..'))).toEqual(['switch.json']);
    writeFileSync(path, '{"half": ');
    await expect(store.read()).rejects.toThrow();
    writeFileSync(path, '{"entries": 3}');
    await expect(store.read()).rejects.toThrow('is no switch file');
  });
});
