import type { Caller } from '@tollgate/core';
import { describeValue, publish } from '@tollgate/core/internal';
import { Webhook } from 'standardwebhooks';
import type { Job } from './job.js';

/** Receiver of notifications of a job's end. */
export interface JobWebhook {
  /** `http:` or `https:`, without a password. From the app's own configuration, never from a request. */
  url: string;
  /** Signs every notification: `whsec_` and 24 to 64 bytes in base64, shared with the receiver. */
  secret: string;
}

const deadlineMs = 10_000;
const mostTries = 12;

/**
 * Notifies a receiver of the end of a job, by `{ type: 'job.completed', timestamp, data: { id, status } }`, signed by Standard Webhooks
 * 1.0. It does not contain the response, which the caller fetches.
 */
export class JobNotice {
  constructor(private readonly targets: JobWebhook | ((caller: Caller) => JobWebhook | undefined)) {
    if (typeof targets !== 'function') signerOf(targets);
  }

  isWanted(caller: Caller): boolean {
    return typeof this.targets !== 'function' || this.targets(caller) !== undefined;
  }

  /** Whether another attempt follows after this many: over about half an hour. */
  isWorthMore(tries: number): boolean {
    return tries + 1 < mostTries;
  }

  /** `false`: it was not received. Rejects for a target that is none. */
  async tell({ id, caller, end }: Job): Promise<boolean> {
    const target = typeof this.targets === 'function' ? this.targets(caller) : this.targets;
    if (!target || !end) return true;
    const signer = signerOf(target);
    const now = new Date();
    const timestamp = new Date(end.atMs).toISOString();
    const body = JSON.stringify({ type: `job.${end.state}`, timestamp, data: { id, status: end.state } });
    try {
      const response = await fetch(target.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'tollgate-jobs',
          // The same however often it is sent.
          'webhook-id': `job_${id}`,
          'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
          'webhook-signature': signer.sign(`job_${id}`, now, body),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(deadlineMs),
      });
      await response.body?.cancel().catch(() => undefined);
      if (response.ok) return true;
      throw new Error(`answered ${response.status}`);
    } catch (error) {
      publish('tollgate:fault', () => ({ where: 'jobs.webhook', jobId: id, error: String(error) }));
      return false;
    }
  }
}

/** Throws a `TypeError` for an invalid target; its message contains neither URL nor secret. */
function signerOf({ url, secret }: JobWebhook): Webhook {
  if (typeof url !== 'string' || !URL.canParse(url) || !isPlain(new URL(url))) {
    const received = typeof url === 'string' ? 'another text' : describeValue(url);
    throw new TypeError(
      `jobs: "webhook.url" must be an http(s) URL without user and password, received ${received}`,
    );
  }
  const [, base64 = ''] =
    (typeof secret === 'string' && /^whsec_([A-Za-z0-9+/]{32,}={0,2})$/.exec(secret)) || [];
  const { length } = Buffer.from(base64, 'base64');
  if (length < 24 || length > 64) {
    throw new TypeError(
      'jobs: "webhook.secret" must be "whsec_" and 24 to 64 bytes in base64, e.g. of `openssl rand -base64 32`',
    );
  }
  return new Webhook(base64);
}

const isPlain = ({ protocol, username, password }: URL): boolean =>
  /^https?:$/.test(protocol) && username === '' && password === '';
