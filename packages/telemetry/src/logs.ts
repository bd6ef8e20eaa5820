import { subscribe, type UsageEvent, type UsageSink } from '@tollgate/core';
import { accepts, type ChannelName, channelNames, checkOptions, publish } from '@tollgate/core/internal';

/** Levels, the most urgent first. */
const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

/** One line: when, how urgent, what, and the facts of the message. No prompt, no secret. */
export interface LogEntry {
  /** ISO 8601. */
  readonly time: string;
  readonly level: LogLevel;
  /** The channel without `tollgate:`, or `attempt` for a usage event. */
  readonly channel: string;
  readonly [fact: string]: unknown;
}

/** Options of {@link logs}. */
export interface LogsOptions {
  /** The least urgent level that is written. @defaultValue 'info' */
  level?: LogLevel;
  /** Takes an entry: `(entry) => logger[entry.level](entry)` for pino or winston. @defaultValue a line of JSON on stdout */
  write?: (entry: LogEntry) => void;
  /** The clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** Logs of one process. */
export interface Logs {
  /** Writes an entry for each settled attempt: give it among the `sinks` of `tollgate()`. */
  readonly sink: UsageSink;
  /** Stops writing. */
  close(): void;
}

type Facts = Readonly<Record<string, unknown>>;

const failures = new Set(['failed', 'down', 'lost', 'full']);
const stateOf = ({ outcome, state }: Facts): string => String(outcome ?? state);

/** How urgent a message of each channel is, where that is not `debug` for all. */
const levels: Readonly<Partial<Record<ChannelName, (facts: Facts) => LogLevel>>> = {
  'tollgate:fault': () => 'error',
  'tollgate:store': (facts) => (failures.has(stateOf(facts)) ? 'error' : 'warn'),
  'tollgate:alert': ({ outcome }) => (outcome === 'received' ? 'info' : 'error'),
  'tollgate:warning': () => 'warn',
  'tollgate:switch': () => 'warn',
  'tollgate:watch': () => 'warn',
  'tollgate:threshold': () => 'warn',
  'tollgate:guardrail': () => 'warn',
  'tollgate:settle': (facts) => (failures.has(stateOf(facts)) ? 'error' : 'debug'),
  'tollgate:upstream': ({ breaker, outcome = 'ok' }) =>
    breaker !== undefined || outcome !== 'ok' ? 'warn' : 'debug',
  'tollgate:drain': ({ refused }) => (refused === true ? 'warn' : 'info'),
  'tollgate:refuse': () => 'info',
  'tollgate:unmetered': () => 'info',
  'tollgate:overage': () => 'info',
  'tollgate:job': () => 'info',
};

/**
 * Structured logs: what the packages publish on their channels, one entry for each message, and with `sink` one for each settled attempt.
 * Throws a `TypeError` for a wrong or unknown option.
 */
export function logs(options: LogsOptions = {}): Logs {
  checkOptions<LogsOptions>('logs', options, {
    level: accepts.oneOf(...logLevels),
    write: accepts.function,
    now: accepts.function,
  });
  const { level: least = 'info', write = toStdout, now = Date.now } = options;
  const isWritten = (level: LogLevel): boolean => logLevels.indexOf(level) <= logLevels.indexOf(least);
  const say = (level: LogLevel, channel: string, facts: Facts): void => {
    if (isWritten(level)) write({ ...facts, time: new Date(now()).toISOString(), level, channel });
  };
  // Channels that only debugging needs cost every request something once anybody listens.
  const heard = isWritten('debug') ? channelNames : channelNames.filter((name) => name in levels);
  const ends = heard.map((name) =>
    subscribe(name, (facts: Facts) =>
      say(levels[name]?.(facts) ?? 'debug', name.slice('tollgate:'.length), facts),
    ),
  );
  // What a logger cannot write must not be delivered again and again, and hold up all events behind it.
  const attempt = (event: UsageEvent): void => {
    try {
      say(event.outcome === 'ok' ? 'info' : 'warn', 'attempt', factsOf(event));
    } catch (error) {
      publish('tollgate:fault', () => ({ source: 'logs', eventId: event.eventId, error: String(error) }));
    }
  };
  return {
    sink: { write: attempt },
    close: () => {
      for (const end of ends) end();
    },
  };
}

/** Of an event what a person looks for; the ledger has all of it. */
function factsOf(event: UsageEvent): Facts {
  const { charges, ...facts } = event;
  return facts;
}

/** A value that JSON does not know, such as a bigint, as text. */
const toStdout = (entry: LogEntry): void =>
  void process.stdout.write(
    `${JSON.stringify(entry, (_name, value) => (typeof value === 'bigint' ? String(value) : value))}\n`,
  );
