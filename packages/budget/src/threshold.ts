import type { TollgateContext } from '@tollgate/core';
import { publish, type ThresholdCrossing } from '@tollgate/core/internal';

/** A share of a cap that was reached for the first time in this window. */
export interface ThresholdEvent extends ThresholdCrossing {
  readonly requestId: string;
  readonly tenant: string | undefined;
  readonly keyId: string | undefined;
  readonly plan: string | undefined;
}

/** The app's handler of a crossed threshold. */
export type OnThreshold = (event: ThresholdEvent) => void | Promise<void>;

/** After this, a callback that has not finished is reported as a fault. */
const callbackDeadlineMs = 10_000;

/** Reports crossings, which the store has published, to the app; errors of the app's callback have no effect on requests. */
export function announce(
  crossed: readonly ThresholdCrossing[],
  context: TollgateContext,
  onThreshold: OnThreshold | undefined,
): void {
  if (!onThreshold) return;
  for (const crossing of crossed) {
    const { caller, requestId } = context;
    const event: ThresholdEvent = Object.freeze({
      ...crossing,
      requestId,
      tenant: caller?.tenant,
      keyId: caller?.keyId,
      plan: caller?.plan,
    });
    void tell(onThreshold, event);
  }
}

async function tell(onThreshold: OnThreshold, event: ThresholdEvent): Promise<void> {
  const late = setTimeout(
    () => fault(`onThreshold took longer than ${callbackDeadlineMs} ms`),
    callbackDeadlineMs,
  );
  late.unref();
  try {
    await onThreshold(event);
  } catch (error) {
    fault(error);
  } finally {
    clearTimeout(late);
  }
}

function fault(error: unknown): void {
  publish('tollgate:fault', () => ({ where: 'budget.onThreshold', error: String(error) }));
}
