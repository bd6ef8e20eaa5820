import { describeValue, isPrivateHost } from '@tollgate/core/internal';
import { DeliveryFailure } from './destination.js';

/** Answers that would be the same again: the notice itself is not wanted. Everything else may be different later. */
const finalStatuses: readonly number[] = [400, 410, 413, 422];

/** Posts JSON. No redirect is followed. Rejects with a {@link DeliveryFailure} unless it was received; never shows URL or answer. */
export async function post(
  url: string,
  body: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'tollgate-alerts', ...headers },
      body,
      redirect: 'manual',
      signal,
    });
  } catch {
    throw new DeliveryFailure(signal.aborted ? 'took too long' : 'could not be reached');
  }
  await response.body?.cancel().catch(() => undefined);
  const { status } = response;
  if (status >= 200 && status < 300) return;
  throw new DeliveryFailure(`answered ${status}`, {
    retryAfterMs: retryAfterMs(response.headers.get('retry-after'), Date.now()),
    isFinal: finalStatuses.includes(status),
  });
}

/** `Retry-After` (RFC 9110 §10.2.3), in seconds or as a date, in ms from now. */
function retryAfterMs(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  const seconds = /^\d{1,9}$/.test(text.trim()) ? Number(text) : (Date.parse(text) - nowMs) / 1_000;
  return Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds * 1_000) : undefined;
}

/** The check of an option that is a URL: `http:` or `https:`, without a password, which `fetch` refuses. The error does not show the value. */
export function urlOf(factory: string, url: unknown): string {
  if (typeof url === 'string' && URL.canParse(url)) {
    const { protocol, username, password, hostname } = new URL(url);
    const isSafe = protocol === 'https:' || (protocol === 'http:' && isPrivateHost(hostname));
    if (isSafe && username === '' && password === '') return url;
  }
  const received = typeof url === 'string' ? 'another text' : describeValue(url);
  throw new TypeError(
    `${factory}: "url" must be an https: URL without user and password (http: only on this machine and private networks), received ${received}`,
  );
}
