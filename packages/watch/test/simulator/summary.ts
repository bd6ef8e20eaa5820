import { type IncidentKind, incidentKinds, isForTuning, speedOf } from './incidents.js';
import type { Outcome, Report } from './simulation.js';

const actions = ['tag', 'slow', 'limit', 'suspend', 'block'] as const;

/** Several runs as one. */
export interface Summary {
  readonly happenings: number;
  readonly tenantMonths: number;
  readonly outcomes: readonly Outcome[];
  /** False actions for each tenant and month. `limit`: also slowed down. */
  readonly falsePerMonth: Readonly<Record<(typeof actions)[number], number>>;
  readonly falseActions: ReadonlyMap<string, number>;
  /** Of the false limits, those that continued one which had just ended, for each tenant and month. */
  readonly falseRenewals: number;
  /** Share of incidents that were acted on, and reported. */
  readonly acted: number;
  readonly reported: number;
  /** Share of the money at stake that was kept. */
  readonly kept: number;
}

export function summaryOf(reports: readonly Report[]): Summary {
  const outcomes = reports.flatMap((report) => report.outcomes);
  const tenantMonths = sumOf(reports.map((report) => report.tenantMonths));
  const falseActions = new Map<string, number>();
  for (const report of reports)
    for (const [what, times] of report.falseActions)
      falseActions.set(what, (falseActions.get(what) ?? 0) + times);
  const count = (action: string): number =>
    sumOf([...falseActions].map(([what, times]) => (what.startsWith(`${action} `) ? times : 0))) /
    tenantMonths;
  const rates = Object.fromEntries(actions.map((one) => [one, count(one)])) as Record<
    (typeof actions)[number],
    number
  >;
  return {
    happenings: sumOf(reports.map(({ happenings }) => happenings)),
    tenantMonths,
    outcomes,
    falsePerMonth: { ...rates, limit: rates.slow + rates.limit },
    falseActions,
    falseRenewals: sumOf(reports.map((report) => report.falseRenewals)) / tenantMonths,
    ...sharesOf(outcomes),
  };
}

/** Of some incidents: shares acted on and reported, and of the money that was kept. */
export function sharesOf(outcomes: readonly Outcome[]): { acted: number; reported: number; kept: number } {
  const share = (of: (one: Outcome) => unknown): number =>
    outcomes.filter((one) => of(one) !== undefined).length / Math.max(outcomes.length, 1);
  const stake = sumOf(outcomes.map(({ usdAtStake }) => usdAtStake));
  return {
    acted: share(({ actedAfterMs }) => actedAfterMs),
    reported: share(({ reportedAfterMs }) => reportedAfterMs),
    kept: stake > 0 ? 1 - sumOf(outcomes.map(({ usdLost }) => usdLost)) / stake : 1,
  };
}

export type Part =
  | 'all'
  | 'fast'
  | 'slow'
  | 'tuned on'
  | 'not tuned on'
  | 'not tuned on, fast'
  | 'not tuned on, slow';
export const partOf = (outcomes: readonly Outcome[], part: Part): Outcome[] =>
  outcomes.filter(({ incident: { kind } }) => {
    const isFast = speedOf(kind) === 'fast';
    if (part.endsWith('fast') && !isFast) return false;
    if (part.endsWith('slow') && isFast) return false;
    if (part.startsWith('not tuned')) return !isForTuning(kind);
    return part === 'tuned on' ? isForTuning(kind) : true;
  });

/** One row for each contender. */
export function tableOf(summaries: ReadonlyMap<string, Summary>, part: Part = 'all'): string {
  const head = [
    '',
    'acted on',
    'reported',
    'median to act',
    'money kept',
    ...['notices', 'limits', 'suspensions', 'blocks'].map((one) => `false ${one}`),
  ];
  const rows = [...summaries].map(([name, { outcomes, falsePerMonth }]) => {
    const own = partOf(outcomes, part);
    const { acted, reported, kept } = sharesOf(own);
    const { tag, limit, suspend, block } = falsePerMonth;
    return [
      name,
      percent(acted),
      percent(reported),
      lengthOf(medianMs(own)),
      percent(kept),
      ...[tag, limit, suspend, block].map((one) => one.toFixed(3)),
    ];
  });
  return table(head, rows);
}

/** One row for each kind of incident. */
export function tableOfKinds({ outcomes }: Summary, wanted: readonly IncidentKind[] = incidentKinds): string {
  const rows = wanted.map((kind) => {
    const own = outcomes.filter(({ incident }) => incident.kind === kind);
    const money = (of: 'usdLost' | 'usdAtStake'): string => sumOf(own.map((one) => one[of])).toFixed(0);
    const count = (of: (one: Outcome) => unknown): string =>
      `${own.filter((one) => of(one) !== undefined).length} of ${own.length}`;
    return [
      kind,
      speedOf(kind),
      count(({ actedAfterMs }) => actedAfterMs),
      count(({ reportedAfterMs }) => reportedAfterMs),
      lengthOf(medianMs(own)),
      `$${money('usdLost')} of $${money('usdAtStake')}`,
    ];
  });
  return table(['', '', 'acted on', 'reported', 'median to act', 'lost'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lineOf = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    lineOf(head),
    lineOf(head.map((_, place) => (place === 0 ? '---' : '--:'))),
    ...rows.map(lineOf),
  ].join('\n');
}

function medianMs(outcomes: readonly Outcome[]): number {
  const sorted = outcomes
    .map(({ actedAfterMs }) => actedAfterMs ?? Number.POSITIVE_INFINITY)
    .sort((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? Number.POSITIVE_INFINITY;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function lengthOf(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'never';
  const seconds = ms / 1_000;
  if (seconds < 600) return `${seconds.toFixed(0)} s`;
  return seconds < 86_400 ? `${(seconds / 3_600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0);
