import { type BodyWatcher, watchedBody } from './watched-body.js';

interface Handing {
  readonly headers: Headers;
  readonly watcher: BodyWatcher;
  /** The same with a wrapped stream as its body, once the reader uses more than the whole body. */
  streamed: Response | undefined;
}

const slot = Symbol('how it is handed on');
type HandedResponse = Response & { [slot]: Handing };
const native = Response.prototype;

/**
 * A response with these headers whose reader is observed. Read as a whole (`json()`, `text()`, `arrayBuffer()`), it is the given one and
 * its body is read directly: wrapping it in a stream and a new response costs more than all other work for a call.
 */
export function handedResponse(response: Response, headers: Headers, watcher: BodyWatcher): Response {
  const { body } = response;
  if (!body || Object.getPrototypeOf(response) !== native) return streamed(response, body, headers, watcher);
  const handing: Handing = { headers, watcher, streamed: undefined };
  return Object.setPrototypeOf(Object.assign(response, { [slot]: handing }), members);
}

/** The prototype of those that are handed on: headers and body are ours, all else is as it was given. */
const members: Partial<Response> & ThisType<HandedResponse> = {
  get headers() {
    return this[slot].headers;
  },
  get body() {
    return streamedOf(this)?.body ?? given(this, 'body');
  },
  get bodyUsed() {
    return this[slot].streamed?.bodyUsed ?? given(this, 'bodyUsed');
  },
  async text() {
    return new TextDecoder().decode(await wholeOf(this));
  },
  async json() {
    return JSON.parse(new TextDecoder().decode(await wholeOf(this)));
  },
  async arrayBuffer() {
    return new Uint8Array(await wholeOf(this)).buffer;
  },
};
for (const name of ['blob', 'bytes', 'clone', 'formData']) {
  const method: unknown = Reflect.get(native, name);
  // Node 20 has no `bytes()`.
  if (typeof method !== 'function') continue;
  const asStreamed = function (this: HandedResponse): unknown {
    return Reflect.apply(method, streamedOf(this) ?? this, []);
  };
  Object.assign(members, { [name]: asStreamed });
}
Object.setPrototypeOf(members, native);

const given = <Name extends keyof Response>(response: Response, name: Name): Response[Name] =>
  Reflect.get(native, name, response);

/** `undefined`: it was read already as it was given. */
function streamedOf(response: HandedResponse): Response | undefined {
  const handing = response[slot];
  if (!handing.streamed && !given(response, 'bodyUsed')) {
    handing.streamed = streamed(response, given(response, 'body'), handing.headers, handing.watcher);
  }
  return handing.streamed;
}

async function wholeOf(response: HandedResponse): Promise<Uint8Array> {
  const { streamed, watcher } = response[slot];
  const body = given(response, 'body');
  if (streamed || !body || given(response, 'bodyUsed')) {
    return new Uint8Array(await native.arrayBuffer.call(streamed ?? response));
  }
  const parts: Uint8Array[] = [];
  try {
    const source = body.getReader();
    for (;;) {
      watcher.waiting(true);
      const { done, value } = await source.read();
      if (done) break;
      parts.push(value);
    }
  } catch (error) {
    watcher.over(true);
    throw error;
  }
  watcher.over(false);
  const [first] = parts;
  return parts.length === 1 && first ? first : Buffer.concat(parts);
}

function streamed(
  { status, statusText, url }: Response,
  body: Response['body'],
  headers: Headers,
  watcher: BodyWatcher,
): Response {
  const made = new Response(body && watchedBody(body, watcher), { status, statusText, headers });
  Object.defineProperty(made, 'url', { value: url });
  return made;
}
