import { accepts, checkOptions, maskSecrets } from '@tollgate/core/internal';
import { type AlertKind, type AlertReport, severities } from './incident.js';

const kinds: readonly AlertKind[] = ['budget', 'store', 'provider', 'fault', 'switch', 'anomaly', 'custom'];
const mostFacts = 20;
const longestText = 500;
const longestName = 64;

/**
 * A report in the form to store and send: one line, cut to length, without text that looks like a secret. Throws a `TypeError` for an
 * invalid one.
 */
export function cleanReport(report: AlertReport): AlertReport {
  checkOptions<AlertReport>(
    'alerts: raise()',
    report,
    {
      key: (value) =>
        (typeof value === 'string' && /^\S[^\n\r]{0,199}$/.test(value)) || 'a line of 1 to 200 characters',
      kind: accepts.oneOf(...kinds),
      severity: accepts.oneOf(...severities),
      title: accepts.string,
      facts: accepts.object,
      step: accepts.string,
      endsAtMs: accepts.positiveInteger,
      quietMs: accepts.integerBetween(1, 31 * 86_400_000),
    },
    ['key', 'kind', 'severity', 'title'],
  );
  const facts = Object.entries(report.facts ?? {})
    .filter(([, value]) => ['string', 'boolean'].includes(typeof value) || Number.isFinite(value))
    .slice(0, mostFacts)
    .map(([name, value]) => [
      cleanText(name).slice(0, longestName),
      typeof value === 'string' ? cleanText(value) : value,
    ]);
  const { step } = report;
  return {
    ...report,
    key: cleanText(report.key),
    title: cleanText(report.title),
    facts: Object.fromEntries(facts),
    ...(step !== undefined && { step: step.slice(0, longestName) }),
  };
}

/** One line of at most 500 characters, without text that looks like a secret. */
export function cleanText(text: string): string {
  const clean = maskSecrets(text.slice(0, 2_000).replace(/\p{C}+/gu, ' '));
  return clean.length > longestText ? `${clean.slice(0, longestText - 1)}…` : clean;
}
