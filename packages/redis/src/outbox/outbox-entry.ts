import type { UsageEvent } from '@tollgate/core';
import { adjustmentEvent, type EventCharge, uncertainEvent } from '@tollgate/core/internal';

/**
 * The usage event of a stream entry, which contains it unchanged, unless `k` says otherwise: the skeleton of an attempt whose lease was
 * reaped (`r`, with its charges in addition to those in the skeleton, and the time), or the correction of one that was written (`w`) by the
 * final figures (`a`).
 */
export function eventOfEntry(fields: Readonly<Record<string, string>>): UsageEvent {
  const { k: kind, e: event = '', w: written = '', c: charges = '', t: time = '0' } = fields;
  const truth: UsageEvent = JSON.parse(event);
  const own = chargesOf(charges);
  if (kind === 'r') return uncertainEvent(truth, [...own, ...elsewhere(truth, own)], Number(time));
  if (kind === 'a') {
    const skeleton: UsageEvent = JSON.parse(written);
    const others = elsewhere(skeleton, own).map((charge) => correctionOf(charge, truth));
    return adjustmentEvent(skeleton, truth, [...own, ...others]);
  }
  return truth;
}

/** The charges of a skeleton in other partitions than its lease's. */
const elsewhere = ({ charges }: UsageEvent, own: readonly EventCharge[]): EventCharge[] =>
  charges.filter(({ counter }) => !own.some((charge) => charge.counter === counter));

/** Charges of a skeleton in another partition were written with it, and are corrected with it. */
function correctionOf({ counter, window, amount }: EventCharge, truth: UsageEvent): EventCharge {
  const charged = truth.charges.find((charge) => charge.counter === counter && charge.window === window);
  return { counter, window, amount: (charged?.amount ?? 0) - amount };
}

/** Lines of counter, window and amount. */
function chargesOf(text: string): EventCharge[] {
  if (text === '') return [];
  return text.split('\n').map((line) => {
    const [counter = '', window = '', amount = '0'] = line.split('\t');
    return { counter, window, amount: Number(amount) };
  });
}
