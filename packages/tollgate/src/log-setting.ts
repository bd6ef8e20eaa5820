type Write = (facts: object, message: string) => void;

/** A logger with the methods of pino, bunyan or winston's: facts first, then a message. */
interface Logger {
  info: Write;
  warn: Write;
  error: Write;
  debug?: Write;
}

/** A logger, and the level of the line for each refusal. */
export interface LogSetting {
  logger: Logger;
  /** `false`: refusals are not logged. @defaultValue 'info' */
  refusals?: 'debug' | 'info' | 'warn' | false;
}

/** The option `log` of `tollgate()`. */
export type LogOption = ((line: string) => void) | Logger | LogSetting | false;

/** The logger in the option `log`, if it has one. */
export function settingOf(log: LogOption | undefined): LogSetting | undefined {
  if (typeof log !== 'object') return undefined;
  return 'logger' in log ? log : { logger: log };
}

/** `true`, or what `log` must be. */
export function acceptsLog(log: unknown): true | string {
  if (log === false || typeof log === 'function') return true;
  const expected =
    'a function, a logger such as pino(), { logger, refusals: "debug" | "info" | "warn" | false }, or false';
  if (typeof log !== 'object' || log === null) return expected;
  const { logger = log, refusals = 'info' } = log as Partial<LogSetting>;
  const isKnown =
    !('logger' in log) || Object.keys(log).every((name) => name === 'logger' || name === 'refusals');
  const writes = ['info', 'warn', 'error'].every(
    (name) => typeof (logger as unknown as Record<string, unknown>)[name] === 'function',
  );
  return (isKnown && writes && ['debug', 'info', 'warn', false].includes(refusals)) || expected;
}
