import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SwitchStore } from '@tollgate/core';
import {
  accepts,
  checkStoredSwitchEntry,
  checkSwitchEntry,
  describeValue,
  type SwitchEntry,
  type SwitchState,
  switchKey,
} from '@tollgate/core/internal';
import { fileMitigations } from './file-mitigations.js';

const none: SwitchState = { version: 'none', entries: [] };

/**
 * A switch in a JSON file, for apps on one machine: all processes that read the file see it, the command line writes it, and it stays off over
 * a restart. The file is replaced as a whole; two writers at the same instant: the later one wins. Rejects where it cannot be
 * read; throws a `TypeError` for a path that is none.
 */
export function fileSwitch(path: string): SwitchStore {
  if (accepts.string(path) !== true) {
    throw new TypeError(`fileSwitch: a path is required, received ${describeValue(path)}`);
  }
  const read = async (): Promise<SwitchEntry[]> => (await stateOf(path)).entries.slice();
  const write = async (entries: readonly SwitchEntry[]): Promise<void> => {
    const state: SwitchState = { version: randomUUID(), entries };
    const draft = `${path}.${randomUUID()}`;
    await mkdir(dirname(path), { recursive: true });
    await rm(confirmations, { recursive: true, force: true });
    await writeFile(draft, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
    await rename(draft, path);
  };
  /** One file for each process that has read the current version; its name is the process, its content the version. */
  const confirmations = `${path}.readers`;
  let seen: { mark: string; version: string } | undefined;
  return {
    async read(knownVersion) {
      const mark = await markOf(path);
      if (seen?.mark === mark && seen.version === knownVersion) return undefined;
      const state = await stateOf(path);
      seen = { mark, version: state.version };
      return state.version === knownVersion ? undefined : state;
    },
    async turnOff(entry) {
      checkSwitchEntry('fileSwitch', entry);
      const key = switchKey(entry.kind, entry.name);
      await write([...(await read()).filter((one) => switchKey(one.kind, one.name) !== key), entry]);
    },
    async turnOn(kind, name) {
      const before = await read();
      const key = switchKey(kind, name);
      const after = before.filter((one) => switchKey(one.kind, one.name) !== key);
      if (after.length < before.length) await write(after);
      return after.length < before.length;
    },
    async confirm(reader, version) {
      await mkdir(confirmations, { recursive: true });
      await writeFile(join(confirmations, encodeURIComponent(reader)), version, { mode: 0o600 });
    },
    mitigations: fileMitigations(`${path}.mitigations`),
    async confirmedBy(version) {
      const names = await readdir(confirmations).catch(() => []);
      const versions = await Promise.all(
        names.map((name) => readFile(join(confirmations, name), 'utf8').catch(() => '')),
      );
      return names.filter((_, index) => versions[index] === version).map(decodeURIComponent);
    },
  };
}

/** A mark that changes with the file: reading it costs less than reading the file. */
async function markOf(path: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(path);
    return `${ino} ${mtimeMs} ${size}`;
  } catch (error) {
    if (isMissing(error)) return 'none';
    throw error;
  }
}

async function stateOf(path: string): Promise<SwitchState> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return none;
    throw error;
  }
  const state: unknown = JSON.parse(text);
  if (!isState(state)) throw new Error(`${path} is no switch file`);
  for (const entry of state.entries) checkStoredSwitchEntry(`fileSwitch ${path}`, entry);
  return state;
}

function isState(value: unknown): value is SwitchState {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'version' in value &&
    typeof value.version === 'string' &&
    'entries' in value &&
    Array.isArray(value.entries)
  );
}

const isMissing = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
