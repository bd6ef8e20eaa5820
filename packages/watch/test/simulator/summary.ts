import { incidentKinds } from './incidents.js';
import { areaUnderCurve, type Rankings, rankers } from './ranking.js';
import { needsPeople, type Outcome, type Report } from './simulation.js';

const actions = ['tag', 'slow', 'suspend', 'block'] as const;

/** Several runs as one. */
export interface Summary {
  readonly happenings: number;
  readonly tenantMonths: number;
  readonly outcomes: readonly Outcome[];
  /** False actions for each tenant and month. */
  readonly falseActions: Readonly<Record<(typeof actions)[number], number>>;
  /** Share of incidents that were acted on. */
  readonly acted: number;
  /** Median time from an incident's first request; infinite where most were not acted on. */
  readonly medianMs: number;
}

export function summaryOf(reports: readonly Report[]): Summary {
  const outcomes = reports.flatMap((report) => report.outcomes);
  const tenantMonths = sumOf(reports.map((report) => report.tenantMonths));
  const count = (action: string): number =>
    sumOf(
      reports.flatMap(({ falseMeasures }) =>
        [...falseMeasures].map(([what, times]) => (what.startsWith(`${action} `) ? times : 0)),
      ),
    );
  return {
    happenings: sumOf(reports.map(({ happenings }) => happenings)),
    tenantMonths,
    outcomes,
    falseActions: {
      tag: count('tag') / tenantMonths,
      slow: count('slow') / tenantMonths,
      suspend: count('suspend') / tenantMonths,
      block: count('block') / tenantMonths,
    },
    acted: outcomes.filter(({ actedAfterMs }) => actedAfterMs !== undefined).length / outcomes.length,
    medianMs: medianMs(outcomes),
  };
}

/** Rows of a table, one for each contender. */
export function tableOf(summaries: ReadonlyMap<string, Summary>): string {
  const head = [
    '',
    'acted on',
    'median',
    'lost until then',
    'lost in all',
    ...actions.map((name) => `false ${name}`),
  ];
  const rows = [...summaries].map(([name, { outcomes, acted, medianMs: ms, falseActions }]) => [
    name,
    `${(100 * acted).toFixed(1)} %`,
    lengthOf(ms),
    ...moneyOf(outcomes),
    ...actions.map((action) => falseActions[action].toFixed(3)),
  ]);
  return table(head, rows);
}

/** Rows of a table, one for each kind of incident. */
export function tableOfKinds(summaries: ReadonlyMap<string, Summary>): string {
  const names = [...summaries.keys()];
  const head = ['', ...names.flatMap((name) => [name, 'median', 'lost until then'])];
  const rows = incidentKinds.map((kind) => [
    needsPeople(kind) ? `${kind} (told)` : kind,
    ...names.flatMap((name) => {
      const some = summaries.get(name)?.outcomes.filter(({ incident }) => incident.kind === kind) ?? [];
      const acted = some.filter(({ actedAfterMs }) => actedAfterMs !== undefined).length;
      return [`${acted} of ${some.length}`, lengthOf(medianMs(some)), moneyOf(some)[0] as string];
    }),
  ]);
  return table(head, rows);
}

/** Areas under the curve: one row for each ranker. */
export function tableOfAreas(rankings: Rankings): string {
  const kinds = [...rankings['plain z-score'].hostile.keys()];
  const rows = rankers.map((ranker) => {
    const { usual, hostile } = rankings[ranker];
    const areas = kinds.map((kind) => areaUnderCurve(usual, hostile.get(kind) ?? []));
    const all = areaUnderCurve(usual, [...hostile.values()].flat());
    return [ranker, ...[...areas, all].map((area) => area.toFixed(4))];
  });
  return table(['area under the curve', ...kinds, 'all'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lineOf = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    lineOf(head),
    lineOf(head.map((_, place) => (place === 0 ? '---' : '--:'))),
    ...rows.map(lineOf),
  ].join('\n');
}

function moneyOf(outcomes: readonly Outcome[]): [string, string] {
  const all = sumOf(outcomes.map(({ usdAtStake }) => usdAtStake));
  const dear = outcomes.filter(({ usdAtStake }) => usdAtStake > 0);
  const lost = sumOf(dear.map(({ usdLost }) => usdLost));
  return [
    dear.length === 0 ? '' : `$${median(dear.map(({ usdUntilActed }) => usdUntilActed)).toFixed(2)}`,
    `$${lost.toFixed(0)} of $${all.toFixed(0)}`,
  ];
}

function medianMs(outcomes: readonly Outcome[]): number {
  return median(outcomes.map(({ actedAfterMs }) => actedAfterMs ?? Number.POSITIVE_INFINITY));
}

function lengthOf(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'never';
  const seconds = ms / 1_000;
  if (seconds < 600) return `${seconds.toFixed(0)} s`;
  return seconds < 86_400 ? `${(seconds / 3_600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? Number.POSITIVE_INFINITY;
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0);
