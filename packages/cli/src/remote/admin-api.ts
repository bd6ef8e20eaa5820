import { UsageError } from '../command/failure.js';

interface ApiAnswer<Body> {
  readonly status: number;
  readonly body: Body;
}

/** A list that may have a next page. */
interface Page<Item> {
  readonly data: readonly Item[];
  readonly next: string | null;
}

/** A refusal by the API, with its message. */
export class ApiRefusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface Access {
  readonly url: string;
  /** Sent as `Authorization: Bearer …`; absent: none. */
  readonly token: string | undefined;
  readonly fetch: typeof fetch;
}

type Query = Readonly<Record<string, string | number | undefined>>;

/** How long an answer is waited for, in ms: longer than the API waits for its database and for confirmations. */
const answerMs = 30_000;
const pageSize = 1_000;

/** A running app's admin API. Rejects with one sentence about whatever went wrong; nothing of the token is in it. */
export class AdminApi {
  /** The processes that confirmed the last change; `undefined`: none has in time. */
  confirmedBy: readonly string[] | undefined = [];
  readonly #access: Access;

  /** The host of its address. */
  get host(): string {
    return new URL(this.#access.url).host;
  }

  constructor(access: Access) {
    if (!/^https?:\/\//.test(access.url) || !URL.canParse(access.url)) {
      throw new UsageError(
        '--url must be the address of an admin API, such as http://127.0.0.1:3000/dashboard/api',
      );
    }
    this.#access = access;
  }

  /** The answer as this version knows it: what answers is a process of the same version, or of a later one, which only adds fields. */
  async get<Answer>(path: string, query: Query = {}): Promise<Answer> {
    return (await this.#ask<Answer>('GET', path + searchOf(query))).body;
  }

  /** All items of a list with pages, up to a number. */
  async list<Item>(path: string, query: Query = {}, most = Number.POSITIVE_INFINITY): Promise<Item[]> {
    const found: Item[] = [];
    let after: string | undefined;
    do {
      const limit = Math.min(pageSize, most - found.length);
      const { data, next } = await this.get<Page<Item>>(path, { ...query, limit, after });
      found.push(...data);
      after = next ?? undefined;
    } while (after !== undefined && found.length < most);
    return found;
  }

  async change<Answer>(path: string, body: object = {}): Promise<Answer> {
    type Confirmed = Answer & { readonly confirmed_by?: readonly string[] };
    const { status, body: answer } = await this.#ask<Confirmed>('POST', path, body);
    this.confirmedBy = status === 202 ? undefined : (answer.confirmed_by ?? []);
    return answer;
  }

  /** A file, as it arrives. */
  async file(path: string, query: Query): Promise<ReadableStream<Uint8Array>> {
    const answer = await this.#send('GET', path + searchOf(query), undefined, undefined);
    if (!answer.ok || !answer.body) throw new ApiRefusal(answer.status, await refusalIn(answer));
    return answer.body;
  }

  async #ask<Body>(method: string, path: string, body?: object): Promise<ApiAnswer<Body>> {
    const answer = await this.#send(method, path, body, AbortSignal.timeout(answerMs));
    if (!answer.ok) throw new ApiRefusal(answer.status, await refusalIn(answer));
    const found: unknown = await answer.json().catch(() => undefined);
    if (typeof found !== 'object' || found === null) throw new Error(foreign);
    return { status: answer.status, body: found as Body };
  }

  async #send(
    method: string,
    path: string,
    body: object | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    const { url, token, fetch } = this.#access;
    const headers = {
      accept: 'application/json',
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
    };
    try {
      // A redirect could lead the token to another host.
      const request = { method, headers, redirect: 'error' as const, ...(signal && { signal }) };
      return await fetch(url.replace(/\/+$/, '') + path, {
        ...request,
        ...(body && { body: JSON.stringify(body) }),
      });
    } catch (error) {
      const { name, cause } = error as Error;
      if (name === 'TimeoutError')
        throw new Error(
          `the admin API has not answered within ${answerMs / 1_000} s; a change may have been made`,
        );
      const { code, message = 'it could not be asked' } = Object(cause) as {
        code?: string;
        message?: string;
      };
      throw new Error(`the admin API does not answer: ${code ?? message}`);
    }
  }
}

const foreign =
  'what answers at this address is no admin API of Tollgate: give the address where admin() is mounted';

async function refusalIn(answer: Response): Promise<string> {
  const found: unknown = await answer.json().catch(() => undefined);
  const { message }: { message?: unknown } = Object(Object(found).error);
  if (answer.status === 401)
    return 'the admin API wants a login: set TOLLGATE_TOKEN, which is sent as a bearer token';
  if (typeof message !== 'string') return `${foreign} (it answers ${answer.status})`;
  return message.replace(/\.$/, '');
}

function searchOf(query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? '' : `?${given}`;
}
