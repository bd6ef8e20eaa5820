import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { checkAccepted, relative } from './accepted.js';
import type { Scenario } from './compare.js';

/** Medians of one contender over the rounds. */
export interface Row {
  readonly name: string;
  readonly perSecond: number;
  /** CPU time of the contender's process for each request, user and system, in microseconds. */
  readonly cpuMicros: number;
  /** That of its best round: the figure that a busy neighbour on the machine disturbs least. */
  readonly leastCpuMicros: number;
  /** CPU time over wall time: near 1, the contender was the bottleneck, as it should be. */
  readonly busy: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The most memory that the contender's process has had resident so far, in all scenarios, in bytes. */
  readonly peakBytes: number;
  /** What each request has added to the gauge's figures. */
  readonly gauged: readonly number[];
  readonly rounds: readonly { readonly perSecond: number; readonly cpuMicros: number }[];
}

/** Prints a scenario's table, in Markdown, and writes it as JSON below `test/.work/bench/results`. */
export async function report(
  benchmark: string,
  scenario: Scenario,
  rows: readonly Row[],
  gaugeNames: readonly string[] = [],
): Promise<void> {
  const { title, pieces, goals = [] } = scenario;
  const [first] = rows;
  const perPiece = pieces ? [`CPU µs/${pieces.name}`, `× the first's`] : [];
  const head = [
    '',
    'requests/s',
    'ratio',
    'CPU µs/request',
    'least',
    'least added',
    ...perPiece,
    'p50 ms',
    'p99 ms',
    'peak MB',
    'busy',
    ...gaugeNames,
  ];
  const body = rows.map((row) => [
    row.name,
    row.perSecond.toFixed(0),
    (row.perSecond / (first?.perSecond ?? 1)).toFixed(2),
    row.cpuMicros.toFixed(1),
    row.leastCpuMicros.toFixed(1),
    (row.leastCpuMicros - (first?.leastCpuMicros ?? 0)).toFixed(1),
    ...(pieces
      ? [(row.cpuMicros / pieces.count).toFixed(2), (row.cpuMicros / (first?.cpuMicros ?? 1)).toFixed(2)]
      : []),
    row.p50Ms.toFixed(2),
    row.p99Ms.toFixed(2),
    (row.peakBytes / 1e6).toFixed(0),
    row.busy.toFixed(2),
    ...row.gauged.map((figure) => figure.toFixed(2)),
  ]);
  const lines = [
    `\n### ${title}\n`,
    line(head),
    line(head.map((_cell, index) => (index === 0 ? '---' : '--:'))),
  ];
  console.log([...lines, ...body.map(line), ...goals.map((goal) => `\nGoal: ${goal}`)].join('\n'));
  if ((first?.busy ?? 1) < 0.9 && !pieces) {
    console.log(
      '\nSomething else kept the machine busy: throughput and medians say little here, the least CPU says more.',
    );
  }
  const folder = join(process.cwd(), 'test/.work/bench/results');
  mkdirSync(folder, { recursive: true });
  const machine = {
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    at: new Date().toISOString(),
  };
  const name = `${benchmark}-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
  writeFileSync(
    join(folder, `${name}.json`),
    `${JSON.stringify({ benchmark, title, machine, rows }, undefined, 2)}\n`,
  );
  for (const line of checkAccepted(name, relative(rows))) console.log(line);
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
