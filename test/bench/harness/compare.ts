import { type Child, type Start, serveIfChild, startChild } from './child.js';
import type { Gauge } from './gauge.js';
import { type Load, runLoad } from './load.js';
import { type Row, report } from './report.js';
import { median } from './statistics.js';

/** One load, sent to several servers in turn. */
export interface Scenario {
  readonly title: string;
  /** Names of contenders, the one that the others are compared with first. */
  readonly contenders: readonly string[];
  readonly load: Load | ((contender: string) => Load | Promise<Load>);
  /** Processes that share the load of each contender: each is warmed up. @defaultValue 1 */
  readonly processes?: number;
  /** Pieces of each answer, where CPU time is wanted for each of them: chunks of a stream. */
  readonly pieces?: { readonly name: string; readonly count: number };
  /** What is hoped for, printed beside what was measured: least share of the first one's throughput, or most of its CPU. */
  readonly goals?: readonly string[];
}

/** One benchmark: one file. */
export interface Benchmark {
  readonly name: string;
  readonly contenders: Readonly<Record<string, Start>>;
  /** Servers that contenders need; each one's URL is in the environment of those after it, as `BENCH_<NAME>_URL`. */
  readonly services?: Readonly<Record<string, Start>>;
  /** Figures of a service, of which reports show what a request adds. Opened when the services run. */
  readonly gauge?: () => Promise<Gauge>;
  readonly scenarios: readonly Scenario[];
}

interface Run {
  readonly perSecond: number;
  readonly cpuMicros: number;
  readonly busy: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What each request has added to the gauge's figures. */
  readonly gauged: readonly number[];
}

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const seconds = Number(process.env.BENCH_SECONDS ?? 3);
const warmUpSeconds = 4;
/** V8 compiles some thousands of requests long: a contender of much code costs up to five times as much before. */
const warmUpRequests = Number(process.env.BENCH_WARM_UP ?? 6_000);
const mostWarmUps = 5;
/** Contenders to run, separated by commas, the first one apart: for looking at one of them closely. */
const only = process.env.BENCH_ONLY?.split(/,(?! )/);

/**
 * Runs a benchmark: every contender in a process of its own, one load at a time, contenders taking turns round by round in rotating order,
 * medians over the rounds. Ratios are within the run: figures of two runs, or of two machines, say nothing about each other.
 */
export async function compare(benchmark: Benchmark): Promise<void> {
  const { name, contenders, services = {} } = benchmark;
  let gauge: Gauge | undefined;
  const scenarios = benchmark.scenarios.map((scenario) => ({ ...scenario, contenders: chosen(scenario) }));
  if (serveIfChild({ ...contenders, ...services })) return;
  const children = new Map<string, Child>();
  const environment: Record<string, string> = {};
  try {
    for (const service of Object.keys(services)) {
      const child = await startChild(service, environment);
      children.set(service, child);
      environment[`BENCH_${service.toUpperCase()}_URL`] = child.url;
      Object.assign(process.env, environment);
    }
    gauge = await benchmark.gauge?.();
    for (const contender of new Set(scenarios.flatMap((scenario) => scenario.contenders))) {
      children.set(contender, await startChild(contender, environment));
    }
    for (const scenario of scenarios) {
      await report(name, scenario, await measure(scenario, children, gauge), gauge?.names);
    }
  } finally {
    await gauge?.close();
    for (const child of [...children.values()].reverse()) await child.stop();
  }
}

function chosen({ contenders }: Scenario): readonly string[] {
  return only ? contenders.filter((name, index) => index === 0 || only.includes(name)) : contenders;
}

async function measure(
  scenario: Scenario,
  children: ReadonlyMap<string, Child>,
  gauge: Gauge | undefined,
): Promise<Row[]> {
  const names = scenario.contenders;
  const runs = new Map<string, Run[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(turn + Math.max(0, round)) % names.length] ?? '';
      const child = children.get(name);
      if (!child) throw new Error(`no contender is named ${name}`);
      const load = typeof scenario.load === 'function' ? await scenario.load(name) : scenario.load;
      if (round === -1) await warmUp(child, load, warmUpRequests * (scenario.processes ?? 1));
      else runs.get(name)?.push(await runOnce(child, load, seconds, gauge));
    }
  }
  return Promise.all(
    names.map(async (name) => ({
      ...rowOf(name, runs.get(name) ?? []),
      peakBytes: (await children.get(name)?.peakBytes()) ?? 0,
    })),
  );
}

async function warmUp(child: Child, load: Load, requests: number): Promise<void> {
  let answered = 0;
  for (let runs = 0; runs < mostWarmUps && answered < requests; runs += 1) {
    answered += (await runLoad(child.url, { ...load, perSecond: undefined }, warmUpSeconds)).requests;
  }
}

async function runOnce(child: Child, load: Load, forSeconds: number, gauge: Gauge | undefined): Promise<Run> {
  const gaugedBefore = (await gauge?.read()) ?? [];
  const before = await child.cpuMicros();
  const seen = await runLoad(child.url, load, forSeconds);
  const used = (await child.cpuMicros()) - before;
  const gauged = (await gauge?.read()) ?? [];
  return {
    perSecond: seen.requests / seen.seconds,
    cpuMicros: used / seen.requests,
    busy: used / 1e6 / seen.seconds,
    p50Ms: seen.p50Ms,
    p99Ms: seen.p99Ms,
    gauged: gauged.map((figure, at) => (figure - (gaugedBefore[at] ?? 0)) / seen.requests),
  };
}

function rowOf(name: string, runs: readonly Run[]): Omit<Row, 'peakBytes'> {
  const middle = (of: (run: Run) => number): number => median(runs.map(of));
  return {
    name,
    perSecond: middle((run) => run.perSecond),
    cpuMicros: middle((run) => run.cpuMicros),
    leastCpuMicros: Math.min(...runs.map((run) => run.cpuMicros)),
    busy: middle((run) => run.busy),
    p50Ms: middle((run) => run.p50Ms),
    p99Ms: middle((run) => run.p99Ms),
    gauged: (runs[0]?.gauged ?? []).map((_figure, at) => middle((run) => run.gauged[at] ?? 0)),
    rounds: runs.map(({ perSecond, cpuMicros }) => ({ perSecond, cpuMicros })),
  };
}
