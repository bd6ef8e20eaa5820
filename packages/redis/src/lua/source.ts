import { admission, joining } from './admission.js';
import { append } from './append.js';
import { draw } from './draw.js';
import { flush } from './flush.js';
import { lease, reading, reaping, settling } from './lease.js';
import { leaseDetail } from './lease-detail.js';
import { operations } from './operations.js';
import { plainAdmission } from './plain-admission.js';
import { plainSettlement } from './plain-settlement.js';
import { opening, prelude, windows } from './prelude.js';
import { hold, rebuild } from './rebuild.js';

/** The kind of a script; each runs any number of operations of its kind in one partition, each all or nothing. */
export type ScriptName =
  | 'reserve'
  | 'extend'
  | 'cover'
  | 'charge'
  | 'renew'
  | 'close'
  | 'adjust'
  | 'raise'
  | 'stray'
  | 'read'
  | 'sweep'
  | 'append'
  | 'draw'
  | 'hold'
  | 'rebuild';

export interface ScriptSettings {
  /** Rising shares of a cap that are reported. */
  readonly thresholds: readonly number[];
  /** Whether usage events are appended to the partition's stream. */
  readonly record: boolean;
}

const parts: Readonly<Record<Exclude<ScriptName, 'append' | 'draw'>, readonly string[]>> = {
  reserve: [admission],
  extend: [admission, joining],
  cover: [admission, joining],
  charge: [operations.remember],
  renew: [admission],
  close: [operations.remember],
  adjust: [operations.remember],
  raise: [],
  stray: [],
  read: [],
  sweep: [],
  hold: [admission],
  rebuild: [],
};

/** The whole text of a script: settings, the shared functions, those of this script, the operation, and the final write. */
export function scriptSource(name: ScriptName, { thresholds, record }: ScriptSettings): string {
  const settings = `local thresholds, record = { ${thresholds.join(', ')} }, ${record}\n`;
  if (name === 'append') return [settings, opening, append].join('');
  if (name === 'draw') return [settings, opening, draw].join('');
  const operation = { ...operations, hold, rebuild }[name].replace('--reap--', () => reaping);
  // Functions cost the variables that they capture, in every call: rarely needed ones are created within others.
  const settles = name === 'charge' || name === 'close';
  const inside = [...(settles ? [] : [settling]), ...(name === 'reserve' ? [] : [reading])].join('');
  const outside = [...(settles ? [settling] : []), ...(name === 'reserve' ? [reading] : [])];
  const plain = name === 'reserve' ? plainAdmission : name === 'charge' ? plainSettlement : '';
  return [
    settings,
    opening,
    plain,
    windows,
    prelude,
    lease,
    ...outside,
    leaseDetail(inside),
    ...parts[name],
    operation,
    flush,
  ].join('');
}

/**
 * The same with its clock replaced by the last argument: for tests, which cannot change a server's time. Ended leases are kept a thousand
 * times as long, since the server expires them by its own clock, independent of the test's.
 */
export function scriptSourceWithClock(name: ScriptName, settings: ScriptSettings): string {
  const [before, , after] = scriptSource(name, settings).split('--clock--');
  const longer = after?.replace(/('PX'|'PEXPIRE', L\.name), /g, '$1, 1000 * ');
  return `${before}\nlocal now = tonumber(ARGV[#ARGV])\n${longer}`;
}

/**
 * A script without operations, run in several partitions of one server: for each of its keys with the argument of the same number. Where a
 * clock is given, it is the argument after those. The answer of one that fails is nil; the others are not affected.
 */
export function inEachPartition(source: string): string {
  return `local function inOne(KEYS, ARGV)
${source}
end
local answers = {}
for i = 1, #KEYS do
  local isDone, answer = pcall(inOne, { KEYS[i] }, { ARGV[i], '[]', ARGV[#KEYS + 1] })
  answers[i] = isDone and answer
end
return answers`;
}
