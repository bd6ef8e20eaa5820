import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { QuotaStore, UsageEvent } from '@tollgate/core';
import fc from 'fast-check';
import { createManualClock, type ManualClock } from './clock.js';
import { type Delivery, deliveries } from './quota-delivery.js';
import { QuotaModel } from './quota-model.js';
import { withoutPast } from './quota-play.js';
import { QuotaPlayer } from './quota-player.js';
import { propertyRuns, type QuotaPropertyOptions } from './quota-property-ground.js';
import { ask } from './quota-request.js';
import { statesOf } from './quota-states.js';
import { type TraceCommand, traces } from './quota-trace.js';

/** Processes that count in the same place. */
export interface QuotaProcesses {
  /** One store for each process. */
  readonly stores: readonly QuotaStore[];
  /** The usage events that they have delivered, in order; waits until all due events are delivered. */
  events(): Promise<readonly UsageEvent[]>;
}

/** Makes processes whose place counts by `clock`; the clock of the process of that number is off by `offMs(number)`. */
export type MakeProcesses = (clock: ManualClock, offMs: (process: number) => number) => QuotaProcesses;

const start = Date.parse('2026-11-21T23:58:30.123Z');

/**
 * Compares stores with the plain model: the same requests at the same moments must give the same results, counters and events. For each
 * request the process, its clock, and a lost response or a repetition are drawn at random.
 */
export function quotaAgreement(
  name: string,
  places: () => readonly MakeProcesses[],
  options: QuotaPropertyOptions = {},
): void {
  const { assert, timeout } = propertyRuns(options);

  describe(`the quota store ${name} and the plain model`, () => {
    it(
      'agree on every decision, every counter and every event',
      () => assert(fc.asyncProperty(traces, deliveries, (trace, sent) => agree(places(), trace, sent))),
      timeout,
    );
  });
}

async function agree(
  places: readonly MakeProcesses[],
  trace: readonly TraceCommand[],
  sent: readonly Delivery[],
): Promise<void> {
  const clock = createManualClock(start);
  const offsMs = new Map<number, number>();
  const all = places.map((make) => make(clock, (process) => offsMs.get(process) ?? 0));
  const model = new QuotaModel(clock.now);
  const player = new QuotaPlayer({
    store: model,
    now: clock.now,
    advance: clock.advance,
    events: async () => model.events,
  });
  try {
    for (const [index, command] of trace.entries()) {
      await player.wait(command);
      const asked = player.requestFor(command);
      if (!asked) continue;
      const { process, offMs, answer } = sent[index % sent.length] ?? faithful;
      if (offMs !== undefined) offsMs.set(process, offMs);
      for (let times = answer === 'asked again' ? 2 : 1; times > 0; times -= 1) {
        const told = withoutPast(await ask(model, asked), clock.now());
        // The others can have changed only by time; they are compared when a request concerns them, and at the end.
        const { partition } = asked.request;
        const states = await statesOf(model, partition);
        const seen = all.map(async ({ stores }) => {
          const store = stores[process % stores.length] ?? model;
          alike(withoutPast(await ask(store, asked), clock.now()), told);
          alike(await statesOf(store, partition), states);
        });
        await Promise.all(seen);
        if (times === 1) player.sent(asked);
        if (times === 1 && answer !== 'lost') player.learn(asked, told);
      }
    }
    const states = await statesOf(model);
    const written = model.events.map(toldBy);
    for (const { stores, events } of all) {
      alike(await statesOf(stores[0] ?? model), states);
      alike((await events()).map(toldBy), written);
    }
  } finally {
    await Promise.all(all.flatMap(({ stores }) => stores.map((store) => store.end())));
  }
}

const faithful: Delivery = { process: 0, offMs: undefined, answer: 'heard' };

/** Jest shows differences well, but is slow to find that there are none. */
function alike(seen: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(seen, expected)) expect(seen).toEqual(expected);
}

/**
 * The content of an event, apart from its id where that is derived. The model knows no unresolved parts, so a change of nothing but that part
 * is left out.
 */
function toldBy({ eventId, kind, adjusts, uncertain, costNanoUsd, charges }: UsageEvent): unknown {
  const changed = charges.filter(({ amount }) => amount !== 0);
  const byCounter = changed.map(({ counter, window, amount }) => `${counter} ${window} ${amount}`).sort();
  return { of: adjusts ?? eventId, kind, uncertain, costNanoUsd, charges: byCounter };
}
