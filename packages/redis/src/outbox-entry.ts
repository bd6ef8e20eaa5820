import { adjustmentEvent, type EventCharge, type UsageEvent, uncertainEvent } from '@tollgate/core';

/**
 * The usage event of a stream entry, which stands there as it is, unless `k` says otherwise: whether it is the skeleton of an attempt whose
 * lease was reaped (`r`, with its charges and the time), or the correction of one that was written (`w`) by the truth (`a`).
 */
export function eventOfEntry(fields: Readonly<Record<string, string>>): UsageEvent {
  const { k: kind, e: event = '', w: written = '', c: charges = '', t: time = '0' } = fields;
  const truth: UsageEvent = JSON.parse(event);
  if (kind === 'r') return uncertainEvent(truth, chargesOf(charges), Number(time));
  if (kind === 'a') return adjustmentEvent(JSON.parse(written), truth, chargesOf(charges));
  return truth;
}

/** Lines of counter, window and amount. */
function chargesOf(text: string): EventCharge[] {
  if (text === '') return [];
  return text.split('\n').map((line) => {
    const [counter = '', window = '', amount = '0'] = line.split('\t');
    return { counter, window, amount: Number(amount) };
  });
}
