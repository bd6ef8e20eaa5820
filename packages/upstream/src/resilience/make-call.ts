import { isPromise } from '@tollgate/core/internal';
import type { Wait } from '../pace/pacing.js';
import type { AttemptEnd } from './attempt-end.js';
import type { CallPlan } from './call-plan.js';
import { HedgeRace, type Racer } from './hedge-race.js';
import type { Step } from './step.js';

/** Makes single attempts: a proxy, or a `fetch`. */
export interface Transport<Outcome> {
  /** Makes an attempt, to its end. In a race it claims its lane before anything of its answer is seen, and stops when it has lost. */
  run(step: Step, racer?: Racer): Promise<Outcome>;
  endOf(outcome: Outcome): AttemptEnd;
  /** The attempt is over; `last`: none follows. */
  settle(outcome: Outcome, last: boolean): void | Promise<void>;
  readonly wait: Wait;
}

interface Made<Outcome> {
  readonly step: Step;
  readonly outcome: Outcome;
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
    const turn = plan.turn(step, transport.wait);
    const goes = isPromise(turn) ? await turn : turn;
    if (goes !== 'go') {
      plan.cancelled(step);
      if (goes === 'gone') return counts;
      step = plan.elsewhere(step, goes);
      continue;
    }
    const hedgeMs = plan.hedgeAfterMs(step);
    const made: Made<Outcome> =
      hedgeMs === undefined
        ? { step, outcome: await transport.run(step) }
        : await hedged(plan, transport, step, hedgeMs);
    const end = transport.endOf(made.outcome);
    const next = plan.after(made.step, end);
    const settling = transport.settle(made.outcome, next === undefined);
    if (settling) await settling;
    // The refusal of an alternative does not explain why the call failed.
    if (!end.refused || counts === undefined) counts = made.outcome;
    step = next;
  }
  return counts;
}

/** Makes an attempt, and a second one beside it where the first keeps its caller waiting. The loser is stopped and settled. */
async function hedged<Outcome>(
  plan: CallPlan,
  transport: Transport<Outcome>,
  step: Step,
  afterMs: number,
): Promise<Made<Outcome>> {
  const race = new HedgeRace();
  const racer = race.enter();
  const running = transport.run(step, racer);
  const isLate = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(resolve, afterMs, true);
    const ended = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    running.then(ended, ended);
  });
  const other = isLate && !race.winner ? plan.hedge(step) : undefined;
  if (!other) return { step, outcome: await running };
  const otherLane = race.enter();
  const [first, second] = await Promise.all([running, transport.run(other, otherLane)]);
  const both = [
    { step, outcome: first },
    { step: other, outcome: second },
  ] as const;
  // Where both have failed, the refusal of the second does not count.
  const secondCounts = otherLane.hasWon || (!racer.hasWon && !transport.endOf(second).refused);
  const [counts, lost] = secondCounts ? [both[1], both[0]] : both;
  plan.lost(lost.step, transport.endOf(lost.outcome));
  await transport.settle(lost.outcome, false);
  return counts;
}
