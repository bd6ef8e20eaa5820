import { type Caller, TollgateError } from '@tollgate/core';
import { publish, withinDeadline } from '@tollgate/core/internal';
import { contentOf } from './inspect/body-walk.js';
import { type Report, rejectedError } from './inspect/inspection.js';

/** A moderator's verdict. */
export interface Moderation {
  readonly verdict: 'pass' | 'flag' | 'block';
  /** Kinds of findings, e.g. the provider's categories; published, not sent to the client. */
  readonly kinds?: readonly string[];
}

/** An external judge of prompts: a provider's moderation endpoint, or a classifier. */
export interface Moderator {
  /** Unique among rules and moderators. */
  readonly name: string;
  /** How long it may take, in milliseconds, 1 to 60 000. @defaultValue 1_000 (1 s) */
  readonly deadlineMs?: number;
  /** When it fails or is late: `closed` refuses with 503, `open` lets pass, and publishes it. @defaultValue 'closed' */
  readonly whenDown?: 'closed' | 'open';
  /** Asked once for each body, with its texts in order. The signal aborts at the deadline. */
  check(
    texts: readonly string[],
    about: { signal: AbortSignal; caller: Caller | undefined },
  ): Promise<Moderation>;
}

/** Sends a body to all moderators at once; resolves with their reports, rejects with the refusal of the first that blocks. */
export async function moderated(
  moderators: readonly Moderator[],
  body: unknown,
  caller: Caller | undefined,
): Promise<Report[]> {
  if (moderators.length === 0) return [];
  const texts = contentOf(body).texts.map(({ text }) => text);
  if (texts.length === 0) return [];
  const asked = await Promise.all(moderators.map((one) => ask(one, texts, caller)));
  return asked.filter((report) => report !== undefined);
}

/** The refusal for a list of reports, if one blocks. */
export function refusalOf(reports: readonly Report[]): TollgateError | undefined {
  const blocking = reports.find(({ action }) => action === 'block');
  return blocking && rejectedError(blocking.rule, blocking.path);
}

async function ask(
  moderator: Moderator,
  texts: readonly string[],
  caller: Caller | undefined,
): Promise<Report | undefined> {
  const { name, deadlineMs = 1_000, whenDown = 'closed' } = moderator;
  const controller = new AbortController();
  const late = (): Error => new Error(`no answer within ${deadlineMs} ms`);
  try {
    const checking = Promise.resolve(moderator.check(texts, { signal: controller.signal, caller }));
    const { verdict, kinds = [] } = await withinDeadline(deadlineMs, checking, late);
    if (verdict === 'pass') return undefined;
    if (verdict !== 'flag' && verdict !== 'block') throw new TypeError(`${name} said ${String(verdict)}`);
    return { rule: name, kinds, action: verdict, where: 'input', path: '', weight: 1 };
  } catch (cause) {
    publish('tollgate:fault', () => ({
      where: `guardrails.${name}`,
      policy: whenDown,
      error: String(cause),
    }));
    if (whenDown === 'open') return undefined;
    throw new TollgateError({
      status: 503,
      code: 'upstream_unavailable',
      message: 'The prompt could not be checked.',
      retryAfterMs: 1_000,
      cause,
    });
  } finally {
    controller.abort();
  }
}
