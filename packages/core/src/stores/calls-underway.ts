import { type ProviderAmounts, type ProviderUnit, providerUnits, type Taken } from './provider-store.js';

/** The time after which a provider has received a call without a response yet, in ms: stated limits include it from then on. */
const underwayMs = 2_000;
const slotMs = 250;

type Amounts = { [Name in ProviderUnit]: number };

/** Amounts of calls that were sent within the last two seconds and have no response: they reach a provider in any order. */
export class CallsUnderway {
  readonly #slots = new Map<number, Amounts>();

  add({ atMs, size }: Taken): void {
    const slot = slotOf(atMs);
    let amounts = this.#slots.get(slot);
    if (!amounts) {
      this.#forget(atMs);
      amounts = { requests: 0, tokens: 0, inputTokens: 0, outputTokens: 0 };
      this.#slots.set(slot, amounts);
    }
    for (const unit of providerUnits) amounts[unit] += size[unit] ?? 0;
  }

  /** It was answered, or not sent. */
  remove({ atMs, size }: Taken): void {
    const amounts = this.#slots.get(slotOf(atMs));
    if (!amounts) return;
    for (const unit of providerUnits) amounts[unit] = Math.max(0, amounts[unit] - (size[unit] ?? 0));
  }

  /** Their total. */
  sum(nowMs: number): ProviderAmounts {
    this.#forget(nowMs);
    const sum: Amounts = { requests: 0, tokens: 0, inputTokens: 0, outputTokens: 0 };
    for (const amounts of this.#slots.values()) for (const unit of providerUnits) sum[unit] += amounts[unit];
    return sum;
  }

  #forget(nowMs: number): void {
    for (const slot of this.#slots.keys())
      if ((slot + 1) * slotMs <= nowMs - underwayMs) this.#slots.delete(slot);
  }
}

const slotOf = (atMs: number): number => Math.floor(atMs / slotMs);
