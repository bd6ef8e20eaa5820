import type { SwitchStore } from '@tollgate/core';
import type { SwitchKind } from '@tollgate/core/internal';
import type { Subject } from '../features/subject.js';
import { reasonOf } from './mitigation.js';
import type { Executor } from './step.js';

/** Switches off in a store, and never shortens an entry of an operator or another process. */
export function suspending(store: SwitchStore, now: () => number): Executor<'suspend'> {
  return async ({ finding, action, target, lengthMs }) => {
    const kind = switchKindOf(target);
    if (!kind) return 'failed';
    const { name } = target;
    const sinceMs = Math.floor(now());
    const expiresAtMs = sinceMs + lengthMs;
    try {
      const { entries = [] } = (await store.read()) ?? {};
      const isOff = entries.some(
        (one) => one.kind === kind && one.name === name && (one.expiresAtMs ?? Infinity) > expiresAtMs,
      );
      if (isOff) return 'done-already';
      const { cutsRunning } = action;
      const reason = reasonOf(finding);
      await store.turnOff({ kind, name, reason, by: 'watch', sinceMs, expiresAtMs, cutsRunning });
      return 'applied';
    } catch {
      return 'failed';
    }
  };
}

/** `undefined`: the switch knows no such things. */
export function switchKindOf({ kind }: Subject): SwitchKind | undefined {
  if (kind === 'global') return 'everything';
  return kind === 'network' || kind === 'feature' ? undefined : kind;
}
