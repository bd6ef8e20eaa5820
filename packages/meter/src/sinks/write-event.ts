import type { UsageEvent, UsageSink } from '@tollgate/core';
import { publish, warnOnce } from '@tollgate/core/internal';

/** Hands an event to every sink. A sink that fails is published (`tollgate:fault`) and warned of once; nothing else fails. */
export function writeEvent(sinks: readonly UsageSink[], event: UsageEvent): void {
  for (const sink of sinks) {
    try {
      // Whatever a sink returns: an arrow function may return a number, another library's promise has no `catch`.
      const writing: unknown = sink.write(event);
      if (typeof writing === 'object' && writing !== null) {
        Promise.resolve(writing).catch((error: unknown) => sinkFailed(event, error));
      }
    } catch (error) {
      sinkFailed(event, error);
    }
  }
}

/** Reports that a sink has failed. */
export function sinkFailed(event: Pick<UsageEvent, 'eventId'>, error: unknown): void {
  warnOnce(
    'TOLLGATE_W_SINK_FAILED',
    `a usage sink failed, so usage events are missing from it: ${String(error)}`,
  );
  publish('tollgate:fault', () => ({ where: 'meter.sink', eventId: event.eventId, error: String(error) }));
}
