import type {
  AnswerWriter,
  AttemptHooks,
  AttemptResult,
  AttemptRules,
  AttemptTarget,
} from './attempt-interface.js';
import { Exchange } from './exchange.js';

/**
 * One HTTP exchange with a provider, streamed to a writer. Resolves once, whatever happens, and never rejects; no bytes move and no
 * timer runs afterwards. Follows no redirect and repeats nothing.
 */
export function attempt(
  hooks: AttemptHooks,
  target: AttemptTarget,
  answer: AnswerWriter,
  rules: AttemptRules,
): Promise<AttemptResult> {
  return new Promise((resolve) => {
    new Exchange(hooks, answer, rules, resolve).start(target);
  });
}
