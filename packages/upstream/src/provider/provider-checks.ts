import { accepts, isPrivateHost, type OptionCheck } from '@tollgate/core/internal';
import { wireApis } from '@tollgate/wire';

const headerName = /^[!#$%&'*+.^_`|~\w-]+$/;
const headerValue = /^[\x20-\x7e]*$/;
const apis: ReadonlySet<string> = new Set([...wireApis, 'models']);

/** Headers of the connection or the credentials: never set or forwarded by name. */
const reservedHeaders: ReadonlySet<string> = new Set([
  'accept-encoding',
  'api-key',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-api-key',
  'x-goog-api-key',
]);

/** Whether a header may be set by option or forwarded from the client. */
export const mayPass = (name: string): boolean =>
  headerName.test(name) &&
  !reservedHeaders.has(name.toLowerCase()) &&
  !name.toLowerCase().startsWith('x-forwarded-');

/** An absolute URL without credentials, query or fragment. One that may hold a secret is not repeated in the message. */
export const baseUrlCheck: OptionCheck = (value) => {
  const expected = 'an http: or https: URL without credentials, query or fragment';
  if (typeof value === 'string' && /[@?]/.test(value)) throw secretly('baseUrl', expected);
  if (typeof value !== 'string' || !URL.canParse(value)) return expected;
  const url = new URL(value);
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!plain || (url.protocol !== 'http:' && url.protocol !== 'https:')) return expected;
  if (url.protocol === 'http:' && !isPrivateHost(url.hostname)) {
    return 'an https: URL: over http: the key and the prompts could be read on the way (http: is for this machine and private networks)';
  }
  if (url.hostname === 'api.openai.com' && !url.pathname.startsWith('/v1'))
    return 'https://api.openai.com/v1, with "/v1"';
  const [route] = routes.exec(url.pathname) ?? [];
  return route === undefined || `the URL that paths are appended to, without "${route}"`;
};

/** The ends of the APIs' own paths. */
const routes = /\/(?:chat\/completions|completions|responses|embeddings|messages|models\/[^/]+:\w+)\/*$/;

/** The segment with which the base URL ends and all paths of a provider begin, as `/v1` of `…/v1` and `/v1/messages`: URLs would contain it twice. */
export function repeatedSegment(prefix: string, paths: readonly string[]): string | undefined {
  const last = /\/[^/]+$/.exec(prefix)?.[0];
  return last !== undefined && paths.every((path) => path.startsWith(`${last}/`)) ? last : undefined;
}

/** A key as a header can carry it. Whatever was received, it is not repeated in the message. */
export const credentialCheck: OptionCheck = (value) => {
  if (typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)) return true;
  throw secretly(
    'apiKey',
    `a key of visible ASCII characters${value === '' ? ', received an empty one' : ''}`,
  );
};

/** Several keys, each a text or `{ key, weight }`. */
export const credentialsCheck: OptionCheck = (value) => {
  const expected = 'an array of keys, or of { key, weight }';
  if (!Array.isArray(value) || value.length === 0) throw secretly('apiKeys', expected);
  for (const given of value) {
    const { key, weight = 1, ...more }: Record<string, unknown> = isRecord(given) ? given : { key: given };
    credentialCheck(key);
    if (accepts.positiveInteger(weight) !== true || Object.keys(more).length > 0) {
      throw secretly('apiKeys', `${expected}, each weight a positive integer`);
    }
  }
  return true;
};

const secretly = (option: string, expected: string): TypeError =>
  new TypeError(`provider: "${option}" must be ${expected}`);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Header names and values as strings, none of them one that the transport writes. */
export const headersCheck: OptionCheck = (value) => {
  const expected = 'an object of header names and values that the transport does not write itself';
  if (!isRecord(value)) return expected;
  const fine = Object.entries(value).every(
    ([name, text]) => mayPass(name) && typeof text === 'string' && headerValue.test(text),
  );
  return fine || expected;
};

/** An object of strings. */
export const queryCheck: OptionCheck = (value) =>
  (isRecord(value) && Object.values(value).every((text) => typeof text === 'string')) ||
  'an object of strings';

/** An object of names on the provider's side by model. */
export const deploymentsCheck: OptionCheck = (value) =>
  (isRecord(value) &&
    Object.entries(value).every((pair) => pair.every((name) => accepts.string(name) === true))) ||
  'an object of deployments by model';

/** A path for at least one API. */
export const pathsCheck: OptionCheck = (value) => {
  const expected = `an object of paths that begin with "/", by API (${[...apis].join(', ')})`;
  if (!isRecord(value) || Object.keys(value).length === 0) return expected;
  const fine = Object.entries(value).every(
    ([api, path]) => apis.has(api) && typeof path === 'string' && /^\/[\w./:{}-]*$/.test(path),
  );
  return fine || expected;
};
