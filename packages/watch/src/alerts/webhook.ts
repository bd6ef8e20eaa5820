import { accepts, checkOptions } from '@tollgate/core/internal';
import { Webhook } from 'standardwebhooks';
import type { AlertDestination, DestinationOptions } from './destination.js';
import { destinationChecks } from './destination-checks.js';
import { post, urlOf } from './post.js';

/** Options of {@link webhook}. */
export interface WebhookOptions extends DestinationOptions {
  /** Where to post. From the app's own configuration, never from a request. */
  url: string;
  /** Signs every notification: `whsec_` and 24 to 64 bytes in base64, shared with the receiver. */
  secret: string;
}

/**
 * Posts `{ type: 'incident.opened', timestamp, data: incident }`, signed by Standard Webhooks 1.0 (headers `webhook-id`,
 * `webhook-timestamp`, `webhook-signature`). A 2xx response means received. Throws a `TypeError` for a wrong or unknown option.
 */
export function webhook(options: WebhookOptions): AlertDestination {
  checkOptions<WebhookOptions>(
    'webhook',
    // Neither may be part of a message.
    {
      ...options,
      ...(options?.url !== undefined && { url: 'given' }),
      ...(options?.secret !== undefined && { secret: 'given' }),
    },
    { ...destinationChecks, url: accepts.string, secret: accepts.string },
    ['url', 'secret'],
  );
  const url = urlOf('webhook', options.url);
  const signer = signerOf(options.secret);
  const { name = 'webhook', atLeast } = options;
  return {
    name,
    atLeast,
    async send({ id, event, incident }, signal) {
      const now = new Date();
      const timestamp = new Date(incident.updatedAtMs).toISOString();
      const body = JSON.stringify({ type: `incident.${event}`, timestamp, data: incident });
      await post(url, body, signal, {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': signer.sign(id, now, body),
      });
    },
  };
}

function signerOf(secret: unknown): Webhook {
  const [, base64 = ''] =
    (typeof secret === 'string' && /^whsec_([A-Za-z0-9+/]{32,}={0,2})$/.exec(secret)) || [];
  const { length } = Buffer.from(base64, 'base64');
  if (length < 24 || length > 64) {
    throw new TypeError(
      'webhook: "secret" must be "whsec_" and 24 to 64 bytes in base64, e.g. of `openssl rand -base64 32`',
    );
  }
  return new Webhook(base64);
}
