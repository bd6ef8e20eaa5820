import type { Caller } from '@tollgate/core';
import { warnOnce } from '@tollgate/core/internal';
import type { Request } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';

/** The client's network: an IPv4 address, or an IPv6 subnet. Warns where the app's `trust proxy` setting makes it useless. */
export function networkOf(req: Request, ipv6Subnet: number | false): string {
  warnOfProxies(req);
  return req.ip === undefined ? 'unknown' : ipKeyGenerator(req.ip, ipv6Subnet);
}

/** The caller of a request without credentials: every scope within a tenant is then the network. */
export function anonymousCaller(network: string): Caller {
  const id = `ip:${network}`;
  return { id, tenant: id, team: id, plan: '', scopes: [], labels: {} };
}

function warnOfProxies(req: Request): void {
  const trust: unknown = req.app.get('trust proxy');
  if (trust === true) {
    warn(
      '"trust proxy" is true, so any client can name its own address in X-Forwarded-For',
      'ERR_ERL_PERMISSIVE_TRUST_PROXY',
    );
  } else if (trust === false && req.headers['x-forwarded-for'] !== undefined) {
    warn(
      'X-Forwarded-For arrives while "trust proxy" is false, so all clients behind the proxy count as one',
      'ERR_ERL_UNEXPECTED_X_FORWARDED_FOR',
    );
  } else if (req.headers.forwarded !== undefined && req.ip === req.socket?.remoteAddress) {
    warn('the Forwarded header arrives, which Express does not read', 'ERR_ERL_FORWARDED_HEADER');
  }
}

function warn(what: string, erlCode: string): void {
  warnOnce(
    'TOLLGATE_W_TRUST_PROXY',
    `rateLimit counts by network, but ${what}. Set "trust proxy" to the number of proxies before this app (${erlCode} of express-rate-limit).`,
  );
}
