import type { RequestHandler } from 'express';

const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const forwarding = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/**
 * Lets a request from this machine through, and leaves all others to the next route. What a reverse proxy on this machine passes on is not
 * from here: every usual one says so in a header.
 */
export const onlyFromHere: RequestHandler = (req, _res, next) => {
  const direct = forwarding.every((name) => req.headers[name] === undefined);
  next(direct && loopback.has(req.socket.remoteAddress ?? '') ? undefined : 'route');
};
