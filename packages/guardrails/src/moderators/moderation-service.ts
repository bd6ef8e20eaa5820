import type { Moderation, Moderator } from '../moderator.js';
import type { ServiceOptions } from './service-options.js';

/** A request to a service. */
interface ServiceRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
}

/** How a service is asked, and what its answers mean. */
export interface Service {
  /** The preset's name. */
  readonly name: string;
  request(texts: readonly string[]): ServiceRequest;
  /**
   * The kinds of objections in the parsed answer; `undefined`: none. Throws where the answer has another form, so that it does not count as
   * harmless.
   */
  objections(answer: unknown, texts: readonly string[]): readonly string[] | undefined;
}

export type JsonRecord = Readonly<Record<string, unknown>>;

/** Verdicts of a few kilobytes are expected; more is not read. */
const mostBytes = 1_048_576;
const mostKinds = 32;
/** Kinds are published, and may be labels of metrics. */
const shortened = (kind: string): string => kind.slice(0, 100);

/** A moderator that asks a service by HTTP. An answer other than 2xx with the expected JSON is a failure: see `whenDown`. */
export function serviceModerator(service: Service, options: ServiceOptions): Moderator {
  const { name = service.name, action = 'block', fetch: send, deadlineMs, whenDown } = options;
  return {
    name,
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(whenDown !== undefined && { whenDown }),
    async check(texts, { signal }): Promise<Moderation> {
      const { url, headers, body } = service.request(texts);
      const response = await (send ?? fetch)(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
        body: JSON.stringify(body),
        redirect: 'error',
        signal,
      });
      if (!response.ok) {
        await response.body?.cancel().catch(() => undefined);
        throw new Error(`${name} answered ${response.status}`);
      }
      const objections = service.objections(await jsonOf(response, name), texts);
      return objections
        ? { verdict: action, kinds: [...new Set(objections)].slice(0, mostKinds).map(shortened) }
        : { verdict: 'pass' };
    },
  };
}

async function jsonOf(response: Response, name: string): Promise<unknown> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > mostBytes) throw new Error(`${name} answered with more than ${mostBytes} bytes`);
    pieces.push(piece);
  }
  return JSON.parse(Buffer.concat(pieces).toString('utf8'));
}

/** An object of the answer. Throws for anything else. */
export function recordIn(value: unknown, where: string): JsonRecord {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonRecord;
  throw new TypeError(`${where}: an object was expected in the answer`);
}

/** An array of objects of the answer. Throws for anything else. */
export function recordsIn(value: unknown, where: string): readonly JsonRecord[] {
  if (!Array.isArray(value)) throw new TypeError(`${where}: an array was expected in the answer`);
  return value.map((one) => recordIn(one, where));
}
