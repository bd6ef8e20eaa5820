import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@tollgate/core/internal';
import { parse, paths } from '../requests/call.js';

/** A message whose text counts how often it is read: to know its kind, and to serialise it. */
function watched(text: string): { readonly message: JsonObject; readonly reads: () => number } {
  let reads = 0;
  const message: JsonObject = { role: 'user' };
  Object.defineProperty(message, 'content', {
    enumerable: true,
    get() {
      reads += 1;
      return text;
    },
  });
  return { message, reads: () => reads };
}

describe('a prompt of 1 MB', () => {
  it('is serialised once, however often the call is changed and estimated', () => {
    const { message, reads } = watched('x'.repeat(1_000_000));
    const call = parse(paths.chat, { model: 'gpt-5-mini', messages: [message], stream: true });
    const parsed = reads();
    expect(parsed).toBeLessThanOrEqual(3);
    for (let cap = 1; cap <= 20; cap += 1) {
      call.estimateOf({ maxOutputTokens: cap, model: 'gpt-5' });
      call.apply({ maxOutputTokens: cap, model: cap % 2 === 0 ? 'gpt-5' : 'gpt-5-mini' });
      expect(call.serialise()).toContain(`"max_completion_tokens":${cap}`);
    }
    expect(reads()).toBe(parsed);
  });

  it('is bounded by its bytes', () => {
    const { message } = watched('\u{1f600}'.repeat(250_000));
    const { estimate } = parse(paths.chat, { model: 'gpt-5-mini', messages: [message] });
    expect(estimate.inputTokens).toBeGreaterThanOrEqual(1_000_000);
    expect(estimate.inputTokens).toBeLessThan(1_000_200);
  });
});
