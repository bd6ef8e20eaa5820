import { createHash } from 'node:crypto';
import { accepts, checkOptions } from '@tollgate/core/internal';
import type { AlertDestination, AlertNotice, DestinationOptions } from './destination.js';
import { destinationChecks } from './destination-checks.js';
import { post, urlOf } from './post.js';

/** Options of {@link pagerDuty}. */
export interface PagerDutyOptions extends DestinationOptions {
  /** The integration key of the service, which is a secret: 32 letters and digits. */
  routingKey: string;
  /** Where events go. @defaultValue 'https://events.pagerduty.com/v2/enqueue'; in Europe 'https://events.eu.pagerduty.com/v2/enqueue' */
  url?: string;
  /** The affected system, e.g. the app's name. @defaultValue 'tollgate' */
  source?: string;
}

const actions = {
  opened: 'trigger',
  updated: 'trigger',
  acknowledged: 'acknowledge',
  resolved: 'resolve',
} as const;
const longestKey = 255;

/**
 * Triggers, acknowledges and resolves through PagerDuty's Events API v2
 * (https://developer.pagerduty.com/docs/events-api-v2-overview); `dedup_key` is the incident's key. Throws a `TypeError` for a wrong or
 * unknown option.
 */
export function pagerDuty(options: PagerDutyOptions): AlertDestination {
  const isKey = /^[A-Za-z0-9]{32}$/.test(String(options?.routingKey));
  checkOptions<PagerDutyOptions>(
    'pagerDuty',
    { ...options, ...(options?.routingKey !== undefined && { routingKey: isKey ? 'good' : 'another text' }) },
    {
      ...destinationChecks,
      routingKey: (value) => value === 'good' || 'an integration key of 32 letters and digits',
      url: accepts.string,
      source: accepts.string,
    },
    ['routingKey'],
  );
  const { routingKey, source = 'tollgate', name = 'pagerduty', atLeast } = options;
  const url = urlOf('pagerDuty', options.url ?? 'https://events.pagerduty.com/v2/enqueue');
  return {
    name,
    atLeast,
    send: (notice, signal) => post(url, JSON.stringify(eventOf(notice, routingKey, source)), signal),
  };
}

function eventOf({ event, incident }: AlertNotice, routing_key: string, source: string): object {
  const action = actions[event];
  const head = { routing_key, event_action: action, dedup_key: dedupKeyOf(incident.key), client: 'Tollgate' };
  if (action !== 'trigger') return head;
  const { title, severity, kind, facts, id, updatedAtMs } = incident;
  const payload = {
    summary: title,
    source,
    severity,
    timestamp: new Date(updatedAtMs).toISOString(),
    component: kind,
    custom_details: { ...facts, incident: id },
  };
  return { ...head, payload };
}

function dedupKeyOf(key: string): string {
  const plain = `tollgate:${key}`;
  return plain.length <= longestKey ? plain : `tollgate:${createHash('sha256').update(key).digest('hex')}`;
}
