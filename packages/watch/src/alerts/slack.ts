import { accepts, checkOptions } from '@tollgate/core/internal';
import type { AlertDestination, AlertNotice, DestinationOptions } from './destination.js';
import { destinationChecks } from './destination-checks.js';
import { post, urlOf } from './post.js';

/** Options of {@link slack}. */
export interface SlackOptions extends DestinationOptions {
  /** The incoming webhook's, which is a secret. From the app's own configuration, never from a request. */
  url: string;
}

/** Posts to a Slack channel by an incoming webhook. Throws a `TypeError` for a wrong or unknown option. */
export function slack(options: SlackOptions): AlertDestination {
  checkOptions<SlackOptions>(
    'slack',
    { ...options, ...(options?.url !== undefined && { url: 'given' }) },
    { ...destinationChecks, url: accepts.string },
    ['url'],
  );
  const url = urlOf('slack', options.url);
  const { name = 'slack', atLeast } = options;
  return { name, atLeast, send: (notice, signal) => post(url, JSON.stringify(messageOf(notice)), signal) };
}

const signs = {
  info: ':information_source:',
  warning: ':warning:',
  error: ':red_circle:',
  critical: ':rotating_light:',
};

/** Text and blocks, https://docs.slack.dev/reference/block-kit/blocks; a section takes ten fields. */
function messageOf({ event, incident }: AlertNotice): object {
  const sign = event === 'resolved' ? ':white_check_mark:' : signs[incident.severity];
  const title = `${sign} *${escaped(incident.title)}*`;
  const fields = Object.entries(incident.facts)
    .slice(0, 10)
    .map(([name, value]) => ({ type: 'mrkdwn', text: `*${escaped(name)}*\n${escaped(String(value))}` }));
  const context = `${event} · ${incident.severity} · ${incident.kind} · incident ${incident.id}`;
  return {
    text: `${event}: ${escaped(incident.title)}`,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: title }, ...(fields.length > 0 && { fields }) },
      { type: 'context', elements: [{ type: 'mrkdwn', text: context }] },
    ],
  };
}

/** So that a tenant's name calls no `<!channel>` and makes no link, https://docs.slack.dev/messaging/formatting-message-text. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
