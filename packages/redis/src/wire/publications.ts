import {
  type ChargeResult,
  type CloseRequest,
  publish,
  type ReserveResult,
  type ThresholdCrossing,
} from '@tollgate/core/internal';
import type { QuietCharge } from './quiet-requests.js';

export function publishAdmission(
  operation: 'reserve' | 'extend' | 'cover',
  { id, partition }: CloseRequest,
  result: ReserveResult,
): ReserveResult {
  if (result.ok) publishCrossings(result.crossed);
  publish('tollgate:reserve', () => {
    if (result.ok) {
      const { alternative, grants } = result;
      return { operation, id, partition, ok: true, alternative, grants };
    }
    const { blockedBy, state } = result.refusal;
    return { operation, id, partition, ok: false, blockedBy, counter: state?.counter, state };
  });
  return result;
}

export function publishCharge(request: QuietCharge, result: ChargeResult): ChargeResult {
  const { id, partition, attemptId, items } = request;
  const { outcome } = result;
  publishCrossings(result.crossed);
  if (request.isQuiet) return result;
  if (outcome !== 'repeated') {
    const charges = items.map(({ counter, windowId, amount }) => ({ counter, window: windowId, amount }));
    publish('tollgate:settle', () => ({ id, partition, attemptId, outcome, charges }));
  }
  if (request.close) publishClose(request);
  return result;
}

export function publishClose({ id, partition }: CloseRequest): void {
  publish('tollgate:settle', () => ({ id, partition, outcome: 'closed' }));
}

function publishCrossings(crossed: readonly ThresholdCrossing[]): void {
  for (const crossing of crossed) publish('tollgate:threshold', () => ({ ...crossing }));
}
