import { describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import fc from 'fast-check';
import { QuotaModel } from './quota-model.js';
import { type MakeStore, withoutPast, withStore } from './quota-play.js';
import { ask, QuotaPlayer } from './quota-player.js';
import { propertyGround, type QuotaPropertyOptions } from './quota-property-ground.js';
import { traces } from './quota-trace.js';

/** Holds a store against the plain model: the same requests at the same moments, every answer and every counter alike. */
export function quotaAgreement(name: string, makeStore: MakeStore, options: QuotaPropertyOptions = {}): void {
  const { parameters, timeout } = propertyGround(makeStore, options);

  describe(`the quota store ${name} and the plain model`, () => {
    it(
      'agree on every decision, every counter and every event',
      () =>
        fc.assert(
          fc.asyncProperty(traces, (trace) =>
            withStore(makeStore, async (underTest) => {
              const model = new QuotaModel(() => underTest.now());
              const player = new QuotaPlayer(underTest);
              const shadow = new QuotaPlayer({ ...underTest, store: model });
              for (const command of trace) {
                await player.wait(command);
                const asked = player.requestFor(command);
                if (!asked) continue;
                const [answer, expected] = [await ask(underTest.store, asked), await ask(model, asked)];
                const nowMs = underTest.now();
                expect(withoutPast(answer, nowMs)).toEqual(withoutPast(expected, nowMs));
                expect(await player.states()).toEqual(await shadow.states());
                player.learn(asked, answer);
              }
              await player.states();
              await shadow.states();
              expect((await underTest.events()).map(told)).toEqual(model.events.map(told));
            }),
          ),
          parameters,
        ),
      timeout,
    );
  });
}

/** What an event says, apart from its id where that is derived. */
function told({ eventId, kind, adjusts, uncertain, costNanoUsd, charges }: UsageEvent): unknown {
  const byCounter = charges.map(({ counter, window, amount }) => `${counter} ${window} ${amount}`).sort();
  return { of: adjusts ?? eventId, kind, uncertain, costNanoUsd, charges: byCounter };
}
