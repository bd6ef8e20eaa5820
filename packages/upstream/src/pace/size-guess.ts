import type { ProviderAmounts, Statement } from '@tollgate/core/internal';

/** The most by which a guess is held to be too small. */
const most = 4;
/** Factor by which a guess is raised above an amount known to be too small. */
const more = 1.1;
/** Factor by which each response lowers the guess. */
const forgets = 0.995;

/**
 * By how much sizes are guessed too small, for one allowance: texts in which a token is less than four characters, images, tools. A provider that
 * refuses a call although it has room for it, by our guess, says so.
 */
export class SizeGuess {
  #factor = 1;

  /** The size with what was learnt. */
  of(size: ProviderAmounts): ProviderAmounts {
    if (this.#factor === 1) return size;
    const { tokens = 0, inputTokens = 0 } = size;
    return {
      ...size,
      tokens: Math.ceil(tokens * this.#factor),
      inputTokens: Math.ceil(inputTokens * this.#factor),
    };
  }

  /** A call of this size was let through. */
  fitted(): void {
    this.#factor = Math.max(1, this.#factor * forgets);
  }

  /** A call of this size, as {@link of} gave it, was refused (429) with these limits. */
  refused(size: ProviderAmounts, { limits }: Pick<Statement, 'limits'>): void {
    for (const { unit, remaining } of limits) {
      if (remaining < (size[unit] ?? 0)) return;
    }
    for (const { unit, remaining } of limits) {
      if (unit !== 'tokens' && unit !== 'inputTokens') continue;
      const factor = (this.#factor * (remaining + 1) * more) / Math.max(1, size[unit] ?? 0);
      // Far more is left than was asked for: it was refused for something else.
      if (factor <= most) this.#factor = Math.max(this.#factor, factor);
    }
  }
}
