import { type Limit, type Plans, subscribe } from '@tollgate/core';
import { type HandlerFailure, stackOf } from '@tollgate/core/internal';
import { limitsInWords } from './limits-in-words.js';
import { settingOf } from './log-setting.js';
import type { TollgateOptions } from './tollgate-options.js';

/** Where one app writes its log lines. */
export interface AppLog {
  /** Receives errors of handlers; `undefined`: they go to stderr. */
  readonly report: ((failure: HandlerFailure) => void) | undefined;
  end(): void;
}

/** Features of an app that are on, by the names of its options. */
const features = [
  'rateLimit',
  'budget',
  'concurrency',
  'guardrails',
  'cache',
  'jobs',
  'switch',
  'watch',
  'alerts',
] as const;

/**
 * Writes one line about the app's features and limits; with a logger, from now on also one for each refusal, fault and warning of this process. Logs
 * contain ids, names and numbers, no prompts.
 */
export function appLog(options: TollgateOptions, plans: Plans, limits: readonly Limit[]): AppLog {
  const { log } = options;
  const setting = settingOf(log);
  const on = featuresOf(options);
  const words = limitsInWords(plans, limits);
  const line = `tollgate: ${on.join(', ')}; limits: ${words.join('; ')}`;
  if (!setting) {
    const write = typeof log === 'function' ? log : log === false ? undefined : writeUnlessTest();
    write?.(line);
    return { report: undefined, end: () => undefined };
  }
  const { logger, refusals = 'info' } = setting;
  logger.info({ features: on, limits: words }, line);
  const ends = [
    subscribe('tollgate:fault', (facts) => {
      if (facts.source !== 'handler') logger.error(facts, `tollgate: fault: ${faultOf(facts)}`);
    }),
    subscribe('tollgate:warning', ({ code, message }) => logger.warn({ code }, `tollgate: ${message}`)),
  ];
  if (refusals) {
    const write = (logger[refusals] ?? logger.info).bind(logger);
    ends.push(
      subscribe('tollgate:refuse', (facts) =>
        write(
          facts,
          `tollgate: ${facts.shadow ? 'would refuse' : 'refused'} with ${facts.status} ${facts.code}`,
        ),
      ),
    );
  }
  return {
    report: ({ error, ...facts }) =>
      logger.error(
        { ...facts, stack: stackOf(error) },
        `tollgate: ${facts.method} ${facts.path} ended with ${facts.status}`,
      ),
    end: () => {
      for (const end of ends) end();
    },
  };
}

function writeUnlessTest(): ((line: string) => void) | undefined {
  if (process.env.NODE_ENV === 'test') return undefined;
  return (line) => void process.stdout.write(`${line}\n`);
}

function featuresOf(options: TollgateOptions): string[] {
  const { keys, jwt, database, redis, store, mode } = options;
  const callers = [...(keys || (database && !jwt) ? ['keys'] : []), ...(jwt ? ['jwt'] : [])];
  const implied = { rateLimit: true, budget: true, switch: options.switch ?? options.watch } as const;
  const on = features.filter((name) => (name in implied ? implied[name as 'switch'] : options[name]));
  const counters = redis ? 'counters on Redis' : store ? "counters in the app's store" : 'counters in memory';
  const ledger = !database ? 'no ledger' : database.directory ? 'embedded ledger' : 'ledger';
  return [...(mode && mode !== 'enforce' ? [`mode ${mode}`] : []), ...callers, ...on, counters, ledger];
}

function faultOf({
  source,
  where,
  what,
  error,
}: { [Name in 'source' | 'where' | 'what' | 'error']?: string | undefined }): string {
  return [source ?? where, what, error].filter((part) => part !== undefined).join(': ');
}
