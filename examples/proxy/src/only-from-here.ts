import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';

const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const localHost = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;
const forwarding = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
];
/** Node drops headers beyond this limit, and those of a proxy come last. */
const maxHeaders = 100;

/**
 * Lets a request from this machine through, and leaves all others to the next route. Requests forwarded by a reverse proxy on this machine
 * are not local: every usual proxy adds a header that shows it. Neither are requests of a web page whose host name resolves to this machine
 * (DNS rebinding).
 */
export const onlyFromHere: RequestHandler = (req, _res, next) => {
  next(isDirect(req) && loopback.has(req.socket.remoteAddress ?? '') ? undefined : 'route');
};

function isDirect({ headers, rawHeaders }: IncomingMessage): boolean {
  if (rawHeaders.length > 2 * maxHeaders || !localHost.test(headers.host ?? '')) return false;
  return forwarding.every((name) => headers[name] === undefined);
}
