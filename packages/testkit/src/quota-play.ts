import type { CounterState } from '@tollgate/core/internal';
import type { QuotaUnderTest } from './quota-fixture.js';
import { QuotaPlayer } from './quota-player.js';
import { ask, type QuotaAnswer, type QuotaRequest } from './quota-request.js';
import type { TraceCommand } from './quota-trace.js';

export type MakeStore = () => Promise<QuotaUnderTest> | QuotaUnderTest;

/** One request of a trace, with the states before and after it. */
export interface QuotaStep {
  readonly command: TraceCommand;
  readonly asked: QuotaRequest;
  readonly answer: QuotaAnswer;
  /** Every counter before and after it; empty unless observed. */
  readonly before: readonly CounterState[];
  readonly after: readonly CounterState[];
  /** Its reservation had ended before, and is surely still remembered. */
  readonly endedBefore: boolean;
  /** The amount that its owners expect to be held of a counter in a window. */
  reserved(counter: string, window: string): number;
}

export interface PlayOptions {
  readonly honest?: boolean;
  /** Reads every counter before and after each request. */
  readonly observe?: boolean;
  readonly each?: (step: QuotaStep) => void;
  readonly afterEach?: (asked: QuotaRequest, answer: QuotaAnswer) => Promise<void>;
}

/** Plays a trace on a store. */
export async function playTrace(
  underTest: QuotaUnderTest,
  trace: readonly TraceCommand[],
  { honest = false, observe = false, each, afterEach }: PlayOptions = {},
): Promise<QuotaPlayer> {
  const player = new QuotaPlayer(underTest, honest);
  for (const command of trace) {
    await player.wait(command);
    // Read after each wait, so that expired leases are reaped at the same moments in every play.
    if (observe && command.does === 'wait') await player.states();
    const asked = player.requestFor(command);
    if (!asked) continue;
    const before = observe ? await player.states() : [];
    const endedBefore = player.hasEnded(asked.request.id);
    const answer = await ask(underTest.store, asked);
    await afterEach?.(asked, answer);
    player.sent(asked);
    player.learn(asked, answer);
    const after = observe ? await player.states() : [];
    const reserved = (counter: string, window: string): number => player.reserved(counter, window);
    each?.({ command, asked, answer, before, after, endedBefore, reserved });
  }
  return player;
}

/** A result without the states of ended windows, which each store may remember for a different time. */
export function withoutPast(answer: QuotaAnswer, nowMs: number): QuotaAnswer {
  if (typeof answer !== 'object' || !('outcome' in answer)) return answer;
  const lasts = ({ window, resetsAtMs }: CounterState): boolean =>
    !isCalendar(window) || (resetsAtMs ?? 0) > nowMs;
  return { ...answer, states: answer.states.filter(lasts) };
}

/** Ends the store with any outcome of the test. */
export async function withStore(
  makeStore: MakeStore,
  test: (underTest: QuotaUnderTest) => Promise<unknown>,
): Promise<void> {
  const underTest = await makeStore();
  try {
    await test(underTest);
  } finally {
    await underTest.store.end();
  }
}

/** Whether a window id is one of a calendar, which ends. */
export const isCalendar = (window: string): boolean => window !== 'bucket' && window !== 'live';
