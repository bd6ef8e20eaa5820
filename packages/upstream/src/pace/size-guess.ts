import type { ProviderAmounts, Statement } from '@tollgate/core/internal';

/** The most by which a guess is held to be too small. */
const most = 4;
/** Factor by which a guess is raised above an amount known to be too small. */
const more = 1.1;
/** Factor by which each response lowers the guess. */
const forgets = 0.995;

/**
 * The factor by which sizes are guessed too small, for one allowance: texts with less than four characters per token, images, tools. A
 * provider that refuses a call for which the guess saw room shows that the guess was too low.
 */
export class SizeGuess {
  #factor = 1;

  /** The size with the learned factor. */
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
