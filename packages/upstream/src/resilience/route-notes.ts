import type { Target } from '../call/target.js';
import type { AttemptEnd } from './attempt-end.js';
import type { Step } from './step.js';

/** The attempts of a call with their outcomes, for `x-tollgate-route`. */
export class RouteNotes {
  readonly #notes: string[] = [];

  ended({ target }: Step, { status, refused, sent }: AttemptEnd): void {
    const what = refused
      ? 'refused'
      : status === 0
        ? sent
          ? 'no-answer'
          : 'unreachable'
        : `status=${status}`;
    this.#notes.push(`${nameOf(target)};${what}`);
  }

  hedged({ target }: Step): void {
    this.#notes.push(`${nameOf(target)};late`);
  }

  skipped(target: Target, why: 'open' | 'limited'): void {
    this.#notes.push(`${nameOf(target)};${why}`);
  }

  /**
   * The steps before this attempt, in their order: `openai/gpt-5;status=503, azure/gpt-5`. `undefined` where there were none: the call goes
   * to its original target. `parameters` describe a router's choice.
   */
  leadingTo({ target }: Step, parameters?: string): string | undefined {
    if (this.#notes.length === 0 && parameters === undefined) return undefined;
    const chosen = parameters === undefined ? nameOf(target) : `${nameOf(target)};${parameters}`;
    return [...this.#notes, chosen].join(', ');
  }
}

/** As a token of a structured field (RFC 9651): names come from clients. */
const nameOf = ({ name, model }: Target): string =>
  (model === undefined ? name : `${name}/${model}`).replaceAll(/[^\w!#$%&'*+.^`|~:/-]/g, '_').slice(0, 200);
