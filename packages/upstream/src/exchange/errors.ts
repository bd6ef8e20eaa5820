import { TollgateError } from '@tollgate/core';
import type { RetryAdvice } from './retry-after.js';

/** The timeout that has passed. */
export type TimeoutKind = 'connect' | 'first-byte' | 'idle' | 'total';

const waitedFor: Readonly<Record<TimeoutKind, string>> = {
  connect: 'could not be reached in time',
  'first-byte': 'did not begin to answer in time',
  idle: 'stopped in the middle of its answer',
  total: 'did not finish its answer in time',
};

/** 504: the provider let a timeout pass. */
export const upstreamTimeout = (kind: TimeoutKind): TollgateError =>
  new TollgateError({ status: 504, code: 'upstream_timeout', message: `The provider ${waitedFor[kind]}.` });

/** 503: the provider cannot be reached, or reports that it is overloaded. */
export const upstreamUnavailable = (cause?: unknown, advice: RetryAdvice = {}): TollgateError =>
  new TollgateError({
    status: 503,
    code: 'upstream_unavailable',
    message: 'The provider is not available.',
    cause,
    ...advice,
  });

/** 502: the provider failed, or its response is unreadable. */
export const upstreamError = (what: string, cause?: unknown, advice: RetryAdvice = {}): TollgateError =>
  new TollgateError({
    status: 502,
    code: 'upstream_error',
    message: `The provider ${what}.`,
    cause,
    ...advice,
  });

/** 502: the app's own key, or its credit, at the provider is refused; the client can do nothing about it. */
export const credentialRefused = (): TollgateError =>
  upstreamError("does not accept this service's credentials", undefined, { retryAfterMs: false });

/** 429: the provider limits this app. */
export const upstreamRateLimited = (advice: RetryAdvice): TollgateError =>
  new TollgateError({
    status: 429,
    code: 'upstream_rate_limited',
    message: 'The provider limits the requests of this service at the moment.',
    ...advice,
  });
