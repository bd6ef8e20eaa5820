import type { AttemptEnd } from './attempt-end.js';
import type { CallPlan, Step } from './call-plan.js';

/** What makes single attempts: a proxy, or a `fetch`. */
export interface Transport<Outcome> {
  /** Makes an attempt, to its end. */
  run(step: Step): Promise<Outcome>;
  endOf(outcome: Outcome): AttemptEnd;
  /** The attempt is over; `last`: none follows. */
  settle(outcome: Outcome, last: boolean): void | Promise<void>;
  /** Waits; `false`: the call is not wanted any more. */
  wait(ms: number): Promise<boolean>;
}

/**
 * Makes a call by its plan: one attempt after the other until one is answered or none is left. Resolves with the outcome that counts;
 * `undefined` where no target takes calls.
 */
export async function makeCall<Outcome>(
  plan: CallPlan,
  transport: Transport<Outcome>,
): Promise<Outcome | undefined> {
  let counts: Outcome | undefined;
  let step = plan.first();
  while (step) {
    if (step.afterMs > 0 && !(await transport.wait(step.afterMs))) {
      plan.cancelled(step);
      return counts;
    }
    const outcome = await transport.run(step);
    const end = transport.endOf(outcome);
    const next = plan.after(step, end);
    await transport.settle(outcome, next === undefined);
    // An alternative that was refused says nothing about why the call failed.
    if (!end.refused || counts === undefined) counts = outcome;
    step = next;
  }
  return counts;
}
