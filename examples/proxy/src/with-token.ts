import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Lets a request with this bearer token through, and leaves all others to the next route. */
export function withToken(token: string): RequestHandler {
  const expected = digestOf(`Bearer ${token}`);
  return (req, _res, next) => {
    const isRight = timingSafeEqual(digestOf(req.headers.authorization ?? ''), expected);
    next(isRight ? undefined : 'route');
  };
}
