import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A contender's figures relative to the first contender of the same run: runs and machines differ, their ratios less. */
export interface AcceptedRow {
  readonly name: string;
  /** Requests per second. */
  readonly ratio: number;
  /** CPU time per request, of the best round. */
  readonly cpuRatio: number;
}

/** The results of a scenario that were last accepted, committed below `test/bench/accepted`. */
export interface Accepted {
  readonly node: string;
  /** ISO date. */
  readonly at: string;
  readonly rows: readonly AcceptedRow[];
}

const fileOf = (scenario: string): string => join(process.cwd(), 'test/bench/accepted', `${scenario}.json`);

/** Figures relative to those of the first row. */
export function relative(
  rows: readonly { readonly name: string; readonly perSecond: number; readonly leastCpuMicros: number }[],
): AcceptedRow[] {
  const [first] = rows;
  const rounded = (figure: number): number => Number(figure.toFixed(3));
  return rows.map(({ name, perSecond, leastCpuMicros }) => ({
    name,
    ratio: rounded(perSecond / (first?.perSecond ?? 1)),
    cpuRatio: rounded(leastCpuMicros / (first?.leastCpuMicros ?? 1)),
  }));
}

/** A line for each contender that takes more than a tenth more CPU, relative to the first one, than when results were last accepted. */
export function slower(accepted: Accepted, rows: readonly AcceptedRow[]): string[] {
  const before = new Map(accepted.rows.map((row) => [row.name, row]));
  return rows.flatMap(({ name, cpuRatio }) => {
    const then = before.get(name)?.cpuRatio;
    return then !== undefined && cpuRatio > 1.1 * then
      ? [`${name}: ${cpuRatio.toFixed(2)} × the CPU of the first, ${then.toFixed(2)} × on ${accepted.at}`]
      : [];
  });
}

/** Compares a scenario with its accepted results, or accepts these (`BENCH_ACCEPT=1`). Returns the lines to print. */
export function checkAccepted(scenario: string, rows: readonly AcceptedRow[]): string[] {
  const file = fileOf(scenario);
  if (process.env.BENCH_ACCEPT === '1') {
    const accepted: Accepted = { node: process.version, at: new Date().toISOString().slice(0, 10), rows };
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(accepted, undefined, 2)}\n`);
    return ['', `Accepted as ${file.slice(process.cwd().length + 1)}.`];
  }
  if (!existsSync(file)) return [];
  const accepted: Accepted = JSON.parse(readFileSync(file, 'utf8'));
  if (accepted.node.split('.')[0] !== process.version.split('.')[0]) return [];
  const lines = slower(accepted, rows);
  return lines.length === 0
    ? []
    : ['', 'More than a tenth slower than the accepted results:', ...lines.map((one) => `- ${one}`)];
}
