import { createHmac, randomBytes } from 'node:crypto';
import { contextOf, guarded, refuse, TollgateError } from '@tollgate/core';
import type { GuardOptions } from '@tollgate/core/internal';
import type { Request, RequestHandler } from 'express';
import type { Analysis } from '../detectors/analysis.js';
import type { CustomDetectors } from '../detectors/custom-detector.js';
import type { Ladder } from '../ladder/ladder.js';

const wrongCodes: ReadonlySet<string> = new Set([
  'invalid_api_key',
  'invalid_token',
  'key_revoked',
  'key_expired',
]);
/** User agents are read up to this length. */
const longestAgent = 64;
const credentialHeaders = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'] as const;

/** Records the networks of requests and the outcome of their credentials; of a credential only a digest is kept, under a key of this process. */
export function observer(
  analysis: Analysis,
  detectors: CustomDetectors,
  ladder: Ladder,
  answer: Pick<GuardOptions, 'refusals' | 'errorFormat'>,
  now: () => number,
): RequestHandler {
  const secret = randomBytes(32);
  const digestOf = (req: Request): string | undefined => {
    for (const name of credentialHeaders) {
      const value = req.headers[name];
      if (typeof value === 'string') return createHmac('sha256', secret).update(value).digest('base64url');
    }
    return undefined;
  };
  return guarded('watchObserver', (req, res, next) => {
    const network = networkOf(req.ip);
    const blocked = ladder.active('block', { kind: 'network', name: network }, now());
    if (blocked) {
      const retryAfterMs = false;
      const message =
        'Too many wrong credentials came from your network. Contact the operator of this service.';
      const error = new TollgateError({ status: 429, code: 'abnormal_usage', message, retryAfterMs });
      refuse(req, res, next, error, answer);
      return;
    }
    const context = contextOf(req, res);
    context.onClosed(() => {
      const { caller, refusal } = context;
      const isWrong = refusal !== undefined && wrongCodes.has(refusal.code);
      if (!isWrong && !caller) return;
      const digest = isWrong ? digestOf(req) : undefined;
      const atMs = now();
      const agent = agentOf(req.headers['user-agent']);
      analysis.presented(
        { network, digest, isWrong, tenant: caller?.tenant, keyId: caller?.keyId, agent },
        atMs,
      );
      const status = res.statusCode;
      detectors.request({ req, caller, code: refusal?.code, status, network, atMs });
    });
    next();
  });
}

/** The name of a client's software without its version: `OpenAI/Python 2.3` is `OpenAI/Python`. */
function agentOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [name = ''] = header.slice(0, longestAgent).split(/[\s/]+v?\d/);
  return name === '' ? undefined : name;
}

/** An IPv4 address, or an IPv6 network of 56 bits: who has one of those has all of its addresses. */
export function networkOf(ip: string | undefined): string {
  if (ip === undefined) return 'unknown';
  const address = ip.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!address.includes(':')) return address;
  const [front = '', back] = (address.split('%')[0] as string).split('::');
  const head = front === '' ? [] : front.split(':');
  const tail = back === undefined || back === '' ? [] : back.split(':');
  const gap = back === undefined ? 0 : Math.max(8 - head.length - tail.length, 0);
  const groups = [...head, ...new Array<string>(gap).fill('0'), ...tail].map(
    (one) => Number.parseInt(one, 16) || 0,
  );
  const [a = 0, b = 0, c = 0, d = 0] = groups;
  return `${[a, b, c, d & 0xff00].map((one) => one.toString(16)).join(':')}::/56`;
}
