import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  latestFirst,
  type MitigationRecord,
  type MitigationStore,
  type OperatorDecision,
  type TakenBack,
} from '@tollgate/core/internal';

/** Actions and decisions in a folder, a file for each, so that app and command line never write the same file. */
export function fileMitigations(directory: string, now: () => number = Date.now): MitigationStore {
  const write = async (name: string, value: object): Promise<void> => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const draft = join(directory, `${randomUUID()}.draft`);
    await writeFile(draft, JSON.stringify(value), { mode: 0o600 });
    await rename(draft, join(directory, name));
  };
  const read = async <Value>(name: string): Promise<Value | undefined> => {
    try {
      return JSON.parse(await readFile(join(directory, name), 'utf8')) as Value;
    } catch {
      return undefined; // removed meanwhile, or none of ours
    }
  };
  return {
    put: (record) => write(`${record.id}.mitigation`, record),
    async list() {
      const names = await readdir(directory).catch(() => []);
      const found: MitigationRecord[] = [];
      for (const name of names.filter((one) => one.endsWith('.mitigation'))) {
        const record = await read<MitigationRecord>(name);
        if (record && record.untilMs > now()) found.push(record);
        else await rm(join(directory, name), { force: true });
      }
      return found.sort(latestFirst);
    },
    decide: (decision) => write(`${decision.id}.decision`, decision),
    async take(ids) {
      const taken: OperatorDecision[] = [];
      const names = new Set(await readdir(directory).catch(() => []));
      for (const id of ids) {
        if (!names.has(`${id}.decision`)) continue;
        const decision = await read<OperatorDecision>(`${id}.decision`);
        if (!decision) continue;
        await rm(join(directory, `${id}.decision`), { force: true });
        taken.push(decision);
      }
      return taken;
    },
    takeBack: (one) => write(fileOf(one.matter), one),
    async takenBack(matters) {
      const names = new Set(await readdir(directory).catch(() => []));
      const found: TakenBack[] = [];
      for (const name of matters.map(fileOf).filter((one) => names.has(one))) {
        const one = await read<TakenBack>(name);
        if (one && one.untilMs > now()) found.push(one);
        else await rm(join(directory, name), { force: true });
      }
      return found;
    },
  };
}

/** Matters contain names that no file can have. */
const fileOf = (matter: string): string => `${createHash('sha256').update(matter).digest('hex')}.taken-back`;
