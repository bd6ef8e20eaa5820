import { credentialOf } from './credential.js';
import { isObject, type Json } from './json.js';
import { goDuration } from './rate-limit-headers.js';
import type { ReceivedRequest } from './received-request.js';
import type { Script } from './script.js';

/** A rate limit that a simulated provider keeps to, for each key and model. */
export interface EnforcedLimit {
  /** All of it. Positive. */
  limit: number;
  /** The time in which all of it is restored, in ms. @defaultValue 60_000 */
  perMs?: number;
  /** The remaining amount at the start. @defaultValue the limit */
  left?: number;
  /** `continuous`: a little all the time, as OpenAI and Anthropic do; `at-once`: all at the end of a window. @defaultValue 'continuous' */
  refill?: 'continuous' | 'at-once';
}

/** Requests, and tokens of them: a quarter of the bytes of the body, and the output cap. */
export interface EnforcedLimits {
  requests?: EnforcedLimit;
  tokens?: EnforcedLimit;
}

/** The remaining amount of one limit. */
class Left {
  #level: number;
  #atMs: number;
  #windowEndsMs: number;

  constructor(
    private readonly settings: EnforcedLimit,
    nowMs: number,
  ) {
    this.#level = settings.left ?? settings.limit;
    this.#atMs = nowMs;
    this.#windowEndsMs = nowMs + this.#perMs;
  }

  get #perMs(): number {
    return this.settings.perMs ?? 60_000;
  }

  /** How long until so much is there, in ms. */
  waitMs(amount: number, nowMs: number): number {
    const { limit, refill } = this.settings;
    if (refill === 'at-once') {
      if (nowMs >= this.#windowEndsMs) {
        this.#level = limit;
        this.#windowEndsMs = nowMs + this.#perMs;
      }
      return this.#level >= amount ? 0 : this.#windowEndsMs - nowMs;
    }
    this.#level = Math.min(limit, this.#level + ((nowMs - this.#atMs) * limit) / this.#perMs);
    this.#atMs = nowMs;
    return Math.max(0, ((amount - this.#level) * this.#perMs) / limit);
  }

  take(amount: number): void {
    this.#level -= amount;
  }

  headers(unit: 'requests' | 'tokens', anthropic: boolean, nowMs: number): Record<string, string> {
    const { limit, refill } = this.settings;
    const remaining = String(Math.max(0, Math.floor(this.#level)));
    const resetMs =
      refill === 'at-once'
        ? this.#windowEndsMs - nowMs
        : Math.max(0, (limit - this.#level) * this.#perMs) / limit;
    const [before, after] = anthropic ? [`anthropic-ratelimit-${unit}-`, ''] : ['x-ratelimit-', `-${unit}`];
    const reset = anthropic
      ? new Date(Math.ceil((nowMs + resetMs) / 1000) * 1000).toISOString().replace('.000Z', 'Z')
      : goDuration(Math.ceil(resetMs) / 1000);
    return {
      [`${before}limit${after}`]: String(limit),
      [`${before}remaining${after}`]: remaining,
      [`${before}reset${after}`]: reset,
    };
  }
}

/** The rate limits of a simulated provider: requests above them are answered with 429. */
export class Enforcer {
  #left = new Map<string, { requests?: Left; tokens?: Left }>();

  constructor(
    private readonly settings: EnforcedLimits,
    private readonly now: () => number,
  ) {}

  /** Forgets all that was used. */
  clear(): void {
    this.#left.clear();
  }

  /** The script with the effects of the limits. */
  applied(script: Script, request: ReceivedRequest): Script {
    const { family, headers, url, body } = request;
    if (request.method !== 'POST' || family === 'gemini' || !isObject(body)) return script;
    const nowMs = this.now();
    const key = `${credentialOf(headers, new URL(url, 'http://provider'))} ${String(body.model)}`;
    const left = this.#leftOf(key, nowMs);
    const tokens = Math.ceil(request.rawBody.length / 4) + capOf(body);
    const waitMs = Math.max(left.requests?.waitMs(1, nowMs) ?? 0, left.tokens?.waitMs(tokens, nowMs) ?? 0);
    const limited = waitMs > 0 || script.status === 429;
    if (!limited) {
      left.requests?.take(1);
      left.tokens?.take(tokens);
    }
    const stated = {
      ...left.requests?.headers('requests', family === 'anthropic', nowMs),
      ...left.tokens?.headers('tokens', family === 'anthropic', nowMs),
      ...script.headers,
    };
    if (!limited || script.status === 429) return { ...script, headers: stated };
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    return { status: 429, headers: stated, retryAfterSeconds, retryAfterMs: Math.ceil(waitMs) };
  }

  #leftOf(key: string, nowMs: number): { requests?: Left; tokens?: Left } {
    let left = this.#left.get(key);
    if (!left) {
      const { requests, tokens } = this.settings;
      left = {
        ...(requests && { requests: new Left(requests, nowMs) }),
        ...(tokens && { tokens: new Left(tokens, nowMs) }),
      };
      this.#left.set(key, left);
    }
    return left;
  }
}

function capOf(body: { [name: string]: Json }): number {
  const caps = [body.max_completion_tokens, body.max_tokens, body.max_output_tokens];
  return caps.reduce<number>((most, cap) => (typeof cap === 'number' ? Math.max(most, cap) : most), 0);
}
