import { createHash, randomBytes } from 'node:crypto';
import { answerError } from '@tollgate/core';
import { accepts, checkOptions, publish, withinDeadline } from '@tollgate/core/internal';
import type { Request, RequestHandler } from 'express';
import { forbidden } from '../api/errors.js';
import { type AdminIdentity, type Authorize, isIdentity } from '../api/identity.js';
import { tollgateErrorOf } from './handle.js';
import { crossOriginRefusal } from './same-origin.js';

/** Options of {@link sessions}. */
export interface SessionsOptions {
  /** Who logs in, of a request whose credential was verified in front of `begin`; nothing: 403. */
  identify: (req: Request) => AdminIdentity | null | undefined;
  /**
   * Whether a session's identity is still valid, asked every 5 s at most: `false` ends the session. Where it rejects or does not answer within
   * 2 s, the session continues as before: operators need the switch while the database is away. @defaultValue always
   */
  isValid?: (who: AdminIdentity) => boolean | Promise<boolean>;
  /** Without a request for this long, a session ends. Milliseconds, 1 000 to 86 400 000. @defaultValue 3_600_000 (1 h) */
  idleMs?: number;
  /** A session ends after this time. Milliseconds, 1 000 to 604 800 000. @defaultValue 43_200_000 (12 h) */
  lifetimeMs?: number;
  /** Name of the cookie. @defaultValue 'tollgate_session' */
  cookie?: string;
  /** The clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** Logins for a browser. */
export interface Sessions {
  /** Begins a session (204): mounted behind guards that verify the credential. */
  begin(): RequestHandler;
  /** Ends the session of the request (204): mounted in the same folder as `begin`, whose cookie it removes. */
  end(): RequestHandler;
  /** For `admin({ authorize })` and `dashboard({ authorize })`. */
  readonly authorize: Authorize;
}

interface Session {
  readonly who: AdminIdentity;
  readonly begunMs: number;
  seenMs: number;
  checkedMs: number;
}

const validMs = 5_000;
const checkMs = 2_000;
/** Beyond this number the one that was used longest ago ends. */
const mostSessions = 1_000;

/**
 * Sessions in this process's memory: the cookie holds a random id (`HttpOnly`, `SameSite=Strict`, `Secure` over TLS), never the credential.
 * Several processes need a load balancer that keeps a browser with one of them, or the app's own sessions. Throws a `TypeError` for a
 * wrong, unknown or missing option.
 */
export function sessions(options: SessionsOptions): Sessions {
  checkOptions<SessionsOptions>(
    'sessions',
    options,
    {
      ...{ identify: accepts.function, isValid: accepts.function, now: accepts.function },
      idleMs: accepts.integerBetween(1_000, 86_400_000),
      lifetimeMs: accepts.integerBetween(1_000, 604_800_000),
      cookie: (value) =>
        (typeof value === 'string' && /^[\w-]{1,64}$/.test(value)) || 'a name of letters, digits, _ and -',
    },
    ['identify'],
  );
  const { identify, isValid = () => true, idleMs = 3_600_000, lifetimeMs = 43_200_000 } = options;
  const { cookie = 'tollgate_session', now = Date.now } = options;
  /** By the hash of their id: a copy of this memory is no login. The one used longest ago comes first. */
  const known = new Map<string, Session>();

  /** `true` where the check failed: nothing is known then. */
  async function stillValid(who: AdminIdentity): Promise<boolean> {
    try {
      return Boolean(await withinDeadline(checkMs, Promise.resolve(isValid(who)), () => new Error('late')));
    } catch (error) {
      publish('tollgate:fault', () => ({ source: 'admin', what: 'session', error: String(error) }));
      return true;
    }
  }

  async function isAlive(session: Session): Promise<boolean> {
    const nowMs = now();
    if (nowMs - session.seenMs >= idleMs || nowMs - session.begunMs >= lifetimeMs) return false;
    if (nowMs - session.checkedMs >= validMs) {
      if (!(await stillValid(session.who))) return false;
      session.checkedMs = nowMs;
    }
    session.seenMs = nowMs;
    return true;
  }

  async function sessionOf(req: Request): Promise<AdminIdentity | undefined> {
    for (const id of idsIn(req, cookie)) {
      const key = hashOf(id);
      const session = known.get(key);
      if (!session) continue;
      if (await isAlive(session)) {
        // The session that was used longest ago comes first; it may have ended during the check.
        if (known.delete(key)) known.set(key, session);
        return session.who;
      }
      known.delete(key);
    }
    return undefined;
  }

  /**
   * Without a path: browsers take the folder of the login's URL, as they see it. Behind a proxy that strips a prefix, this server does not know
   * it.
   */
  function cookieOf(req: Request, value: string, maxAgeMs: number): string {
    const secure = req.secure ? '; Secure' : '';
    return `${cookie}=${value}; Max-Age=${Math.floor(maxAgeMs / 1_000)}; HttpOnly; SameSite=Strict${secure}`;
  }

  return {
    begin: () =>
      function beginSession(req, res) {
        try {
          const refusal = crossOriginRefusal(req);
          if (refusal) throw refusal;
          const who = identify(req);
          if (!isIdentity(who)) throw forbidden('This credential has no access here.');
          const nowMs = now();
          const id = randomBytes(32).toString('base64url');
          const [oldest] = known.size >= mostSessions ? known.keys() : [];
          if (oldest !== undefined) known.delete(oldest);
          known.set(hashOf(id), {
            who: Object.freeze({ ...who }),
            begunMs: nowMs,
            seenMs: nowMs,
            checkedMs: nowMs,
          });
          res.setHeader('set-cookie', cookieOf(req, id, lifetimeMs));
          res.setHeader('cache-control', 'no-store');
          res.status(204).end();
        } catch (error) {
          answerError(req, res, tollgateErrorOf(error), 'openai');
        }
      },
    end: () =>
      function endSession(req, res) {
        const refusal = crossOriginRefusal(req);
        if (refusal) return answerError(req, res, refusal, 'openai');
        for (const id of idsIn(req, cookie)) known.delete(hashOf(id));
        res.setHeader('set-cookie', cookieOf(req, '', 0));
        res.status(204).end();
      },
    authorize: sessionOf,
  };
}

const hashOf = (id: string): string => createHash('sha256').update(id).digest('base64url');

/** A path may have its cookie beside that of a wider path. */
function idsIn({ headers }: Request, name: string): string[] {
  return (headers.cookie ?? '')
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one.startsWith(`${name}=`))
    .slice(0, 4)
    .map((one) => one.slice(name.length + 1));
}
