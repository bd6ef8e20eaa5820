import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { readForm } from './form.js';
import { StripeMeterBooks, type StripeMeterEvent, type StripeProblem } from './stripe-meter-books.js';

/** A fault of a request: `before` it has any effect, or `after` Stripe has accepted the event and before it responds. */
export interface StripeFault {
  readonly when: 'before' | 'after';
  /** Answers with this error instead, or with 200 as it would have; without it the connection is cut. */
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  /** Is waited for first. */
  readonly meanwhile?: () => void | Promise<void>;
}

export interface SimulatedStripeOptions {
  /** The names of its meters' events. */
  readonly meters: readonly string[];
  /** The key it accepts. @defaultValue 'sk_test_simulated' */
  readonly apiKey?: string;
  /** @defaultValue Date.now */
  readonly now?: () => number;
}

/** Stripe's billing meters on loopback, in its wire format: form bodies, Bearer key, Idempotency-Key, errors as JSON. */
export interface SimulatedStripe {
  readonly port: number;
  /** The client options of `new Stripe(apiKey, client)`. */
  readonly client: { readonly host: string; readonly port: number; readonly protocol: 'http' };
  readonly apiKey: string;
  /** Every event that it has taken. */
  readonly events: readonly StripeMeterEvent[];
  /** Every post of an event, taken or not. */
  readonly postCount: number;
  /** Faults for the next posts of events, one each. */
  fail(...faults: StripeFault[]): void;
  close(): Promise<void>;
}

/** Starts a separate server. */
export async function simulateStripe({
  meters,
  apiKey = 'sk_test_simulated',
  now = Date.now,
}: SimulatedStripeOptions): Promise<SimulatedStripe> {
  const books = new StripeMeterBooks(meters, now);
  const faults: StripeFault[] = [];
  const replies = new Map<string, { status: number; body: unknown }>();
  let postCount = 0;

  async function post(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await text(req);
    postCount += 1;
    const fault = faults.shift();
    const key = String(req.headers['idempotency-key'] ?? '');
    const earlier = replies.get(key);
    if (earlier) return answer(res, earlier.status, earlier.body, { 'idempotent-replayed': 'true' });
    if (fault?.when === 'before') return breakOff(res, fault);
    const isForm = req.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
    const taken = isForm
      ? books.take(readForm(body))
      : { problem: { status: 400, message: 'Invalid request: form-encoded bodies only.' } };
    const reply =
      'event' in taken
        ? { status: 200, body: { object: 'billing.meter_event', livemode: false, ...taken.event } }
        : { status: taken.problem.status, body: errorBody(taken.problem) };
    if (key !== '') replies.set(key, reply);
    if (fault && fault.status !== 200) return breakOff(res, fault);
    await fault?.meanwhile?.();
    answer(res, reply.status, reply.body);
  }

  async function breakOff(
    res: ServerResponse,
    { status, retryAfterSeconds, meanwhile }: StripeFault,
  ): Promise<void> {
    await meanwhile?.();
    if (status === undefined) res.socket?.destroy();
    else {
      const headers =
        retryAfterSeconds === undefined ? undefined : { 'retry-after': String(retryAfterSeconds) };
      answer(res, status, errorBody({ status, message: `Simulated ${status}.` }), headers);
    }
  }

  async function route(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', 'http://stripe');
    if (req.headers.authorization !== `Bearer ${apiKey}`) {
      return answer(res, 401, errorBody({ status: 401, message: 'Invalid API Key provided.' }));
    }
    if (req.method === 'POST' && url.pathname === '/v1/billing/meter_events') return post(req, res);
    const [, meter] = /^\/v1\/billing\/meters\/mtr_(.+)\/event_summaries$/.exec(url.pathname) ?? [];
    if (req.method === 'GET' && meter !== undefined) {
      const [from, to] = [
        Number(url.searchParams.get('start_time')),
        Number(url.searchParams.get('end_time')),
      ];
      if (from % 60 !== 0 || to % 60 !== 0) {
        return answer(
          res,
          400,
          errorBody({ status: 400, message: 'Must be aligned with minute boundaries.' }),
        );
      }
      const value = books.total(meter, url.searchParams.get('customer') ?? '', from, to);
      const summary = {
        object: 'billing.meter_event_summary',
        id: `mtrusg_${from}`,
        aggregated_value: value,
      };
      const data = [{ ...summary, start_time: from, end_time: to, meter: `mtr_${meter}`, livemode: false }];
      return answer(res, 200, { object: 'list', url: url.pathname, has_more: false, data });
    }
    if (req.method === 'GET' && url.pathname === '/v1/billing/meters') {
      const data = meters.map((name) => ({
        ...{ object: 'billing.meter', id: `mtr_${name}`, event_name: name, status: 'active' },
      }));
      return answer(res, 200, { object: 'list', url: url.pathname, has_more: false, data });
    }
    answer(
      res,
      404,
      errorBody({ status: 404, message: `Unrecognized request URL (${req.method}: ${url.pathname}).` }),
    );
  }

  const server = createServer((req, res) => void route(req, res));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...{ port, apiKey, events: books.events },
    client: { host: '127.0.0.1', port, protocol: 'http' },
    get postCount() {
      return postCount;
    },
    fail: (...next) => void faults.push(...next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const errorBody = ({ status, message, code }: StripeProblem) => ({
  error: {
    type: status === 401 ? 'authentication_error' : 'invalid_request_error',
    message,
    ...(code && { code }),
  },
});

function answer(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_simulated', ...headers });
  res.end(JSON.stringify(body));
}
