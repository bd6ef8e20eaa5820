import { accepts, checkOptions } from '@tollgate/core/internal';
import type { AlertDestination, AlertNotice, DestinationOptions } from './destination.js';
import { destinationChecks } from './destination-checks.js';

/** Sends mail; has the shape of nodemailer's transport. */
export interface MailTransport {
  sendMail(mail: {
    from?: string;
    to: string | string[];
    subject: string;
    text: string;
    headers: Record<string, string>;
  }): Promise<unknown>;
}

/** Options of {@link email}. */
export interface EmailOptions extends DestinationOptions {
  /** `nodemailer.createTransport(…)`, or anything with its `sendMail()`. */
  transport: MailTransport;
  /** One address or several. */
  to: string | readonly string[];
  /** @defaultValue the transport's own */
  from?: string;
}

/** Sends e-mail by the app's own transport. Throws a `TypeError` for a wrong or unknown option. */
export function email(options: EmailOptions): AlertDestination {
  checkOptions<EmailOptions>(
    'email',
    options,
    {
      ...destinationChecks,
      transport: accepts.methods('sendMail'),
      to: (value) =>
        [value].flat().length > 0 && [value].flat().every(isAddress) ? true : 'an address, or several',
      from: (value) => isAddress(value) || 'an address',
    },
    ['transport', 'to'],
  );
  const { transport, to, from, name = 'email', atLeast } = options;
  return {
    name,
    atLeast,
    async send({ id, event, incident }) {
      const subject = `[${event === 'resolved' ? 'resolved' : incident.severity}] ${incident.title}`;
      await transport.sendMail({
        ...(from !== undefined && { from }),
        to: typeof to === 'string' ? to : [...to],
        subject: subject.replace(/[\r\n]+/g, ' ').slice(0, 200),
        text: textOf({ id, event, incident }),
        headers: { 'X-Tollgate-Notice': id, 'X-Tollgate-Incident': incident.id },
      });
    },
  };
}

const isAddress = (value: unknown): boolean => typeof value === 'string' && /^[^\r\n]*@[^\r\n]+$/.test(value);

function textOf({ event, incident }: AlertNotice): string {
  const facts = Object.entries(incident.facts).map(([name, value]) => `${name}: ${value}`);
  const history = incident.timeline.map(
    (entry) => `${new Date(entry.atMs).toISOString()} ${entry.event} [${entry.severity}] ${entry.title}`,
  );
  const end = incident.resolution === undefined ? [] : [`resolved: ${incident.resolution}`];
  return [
    `${incident.title} (${event})`,
    ...facts,
    ...end,
    '',
    ...history,
    '',
    `incident ${incident.id}`,
  ].join('\n');
}
