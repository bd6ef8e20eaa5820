import { type Caller, parseUsd } from '@tollgate/core';
import { accepts, checkOptions, type OptionCheck } from '@tollgate/core/internal';
import type { RouteInputs } from './route-inputs.js';

/** Targets of a caller in place of a task's. An absent field is the task's. */
export interface ServiceLevel {
  /** The quality floor, 0 to 1. */
  readonly quality?: number;
  /** Required 95th percentile of the time to the first token, in milliseconds. Positive integer. */
  readonly firstTokenMs?: number;
  /** The highest expected cost of a response, e.g. `'$0.002'`. */
  readonly maxCost?: string;
  /** The value of a second of waiting, e.g. `'$0.0005'`. */
  readonly secondWorth?: string;
}

/** Chooses the service level of a request; `undefined`: the task's targets. */
export type ServiceLevelOf = (caller: Caller | undefined, task: string) => ServiceLevel | undefined;

type Targets = Pick<RouteInputs, 'quality' | 'firstTokenMs' | 'maxCostNanoUsd' | 'nanoUsdPerSecond'>;

const usd: OptionCheck = (value) =>
  (typeof value === 'string' && parseUsd(value) !== undefined) || "dollars such as '$0.002'";

const checked = new WeakMap<ServiceLevel, Partial<Targets>>();

/** A task's targets with those of a service level in their place. Throws a `TypeError` for a wrong one. */
export function withLevel(targets: Targets, level: ServiceLevel | undefined): Targets {
  return level === undefined ? targets : { ...targets, ...readLevel(level) };
}

/** Read once for each object: apps return the same one for all callers of a plan. */
function readLevel(level: ServiceLevel): Partial<Targets> {
  const known = typeof level === 'object' && level !== null ? checked.get(level) : undefined;
  if (known) return known;
  checkOptions<ServiceLevel>('router: the result of "serviceLevel"', level, {
    quality: (value) => (typeof value === 'number' && value >= 0 && value <= 1) || 'a number from 0 to 1',
    firstTokenMs: accepts.positiveInteger,
    maxCost: usd,
    secondWorth: usd,
  });
  const { quality, firstTokenMs, maxCost, secondWorth } = level;
  const read: Partial<Targets> = {
    ...(quality !== undefined && { quality }),
    ...(firstTokenMs !== undefined && { firstTokenMs }),
    ...(maxCost !== undefined && { maxCostNanoUsd: parseUsd(maxCost) ?? null }),
    ...(secondWorth !== undefined && { nanoUsdPerSecond: parseUsd(secondWorth) ?? 0 }),
  };
  checked.set(level, read);
  return read;
}
