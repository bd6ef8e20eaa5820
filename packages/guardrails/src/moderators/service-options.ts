import { accepts, isPrivateHost, type OptionCheck, type OptionChecks } from '@tollgate/core/internal';
import type { Moderator } from '../moderator.js';

/** Options that the presets for moderation services share. */
export interface ServiceOptions extends Pick<Moderator, 'deadlineMs' | 'whenDown'> {
  /** Unique among the rules and moderators of one `guardrails()`. @defaultValue the name of the preset */
  name?: string;
  /** On a prompt that the service objects to: refuse it with 400 `prompt_rejected`, or let it pass and publish it. @defaultValue 'block' */
  action?: 'block' | 'flag';
  /** Sends the requests, for a proxy or for signatures. @defaultValue the global `fetch` */
  fetch?: typeof fetch;
}

export const serviceChecks: OptionChecks<ServiceOptions> = Object.freeze({
  name: accepts.string,
  action: accepts.oneOf('block', 'flag'),
  fetch: accepts.function,
  deadlineMs: accepts.integerBetween(1, 60_000),
  whenDown: accepts.oneOf('closed', 'open'),
});

/** Prompts and keys are sent there: over `https:`, except within this machine or a private network. */
export const acceptsServiceUrl: OptionCheck = (value) => {
  const expected = 'a URL with https: (http: only of this machine or a private network), without query';
  if (typeof value !== 'string' || !URL.canParse(value)) return expected;
  const { protocol, hostname, username, password, search, hash } = new URL(value);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && isPrivateHost(hostname));
  return (isSafe && username + password + search + hash === '') || expected;
};
