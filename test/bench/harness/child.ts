import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A server that listens. */
export interface Serving {
  readonly url: string;
  /** CPU time used since it started, user and system, in microseconds. */
  cpuMicros(): Promise<number>;
  /** The most memory that was resident so far, in bytes. */
  peakBytes(): Promise<number>;
}

/** Starts a server in this process. A URL alone: its CPU time is that of this process. */
export type Start = () => Promise<string | Serving>;

/** A server in a process of its own, so that its CPU time is its own. */
export interface Child extends Serving {
  stop(): Promise<void>;
}

type Message = { url: string } | { cpuMicros: number } | { peakBytes: number } | { failed: string };

const startTimeoutMs = 30_000;

/** Starts this benchmark's own file again as a server; see `serveIfChild`. `--cpu-prof` goes to one of them by `BENCH_PROFILE=<name>`. */
export async function startChild(
  name: string,
  environment: Readonly<Record<string, string>>,
): Promise<Child> {
  const profile =
    process.env.BENCH_PROFILE === name ? ['--cpu-prof', '--cpu-prof-dir=test/.work/bench/profiles'] : [];
  const child = fork(process.argv[1] ?? '', ['--serve', name], {
    env: { ...process.env, NODE_ENV: 'production', ...environment },
    execArgv: ['--enable-source-maps', ...profile],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const url = await ask(child, undefined, 'url');
  return {
    url: String(url),
    cpuMicros: async () => Number(await ask(child, 'cpu', 'cpuMicros')),
    peakBytes: async () => Number(await ask(child, 'memory', 'peakBytes')),
    stop: async () => {
      if (child.exitCode !== null) return;
      child.send('stop');
      const forced = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await once(child, 'exit');
      clearTimeout(forced);
    },
  };
}

/** In a process started by {@link startChild}: starts the server of that name and answers its parent. Returns whether it is one. */
export function serveIfChild(servers: Readonly<Record<string, Start>>): boolean {
  const [, , flag, name = ''] = process.argv;
  if (flag !== '--serve') return false;
  const start = servers[name];
  const send = (message: Message): void => {
    process.send?.(message);
  };
  let cpuMicros = ownCpuMicros;
  let peakBytes = ownPeakBytes;
  process.on('message', (question) => {
    if (question === 'cpu') void cpuMicros().then((micros) => send({ cpuMicros: micros }));
    if (question === 'memory') void peakBytes().then((bytes) => send({ peakBytes: bytes }));
    if (question === 'stop') process.exit();
  });
  process.on('disconnect', () => process.exit());
  if (!start) send({ failed: `there is no server "${name}"` });
  else
    start().then(
      (serving) => {
        if (typeof serving === 'string') return send({ url: serving });
        cpuMicros = serving.cpuMicros;
        peakBytes = serving.peakBytes;
        send({ url: serving.url });
      },
      (error: unknown) => send({ failed: String(error) }),
    );
  return true;
}

async function ownCpuMicros(): Promise<number> {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** The most that this process has had resident. */
export async function ownPeakBytes(): Promise<number> {
  return process.resourceUsage().maxRSS * 1024;
}

/** Asks a process in which {@link serveIfChild} runs. */
export async function ask(
  child: ChildProcess,
  question: string | undefined,
  field: 'url' | 'cpuMicros' | 'peakBytes',
): Promise<unknown> {
  if (question) child.send(question);
  const [message] = (await once(child, 'message', { signal: AbortSignal.timeout(startTimeoutMs) })) as [
    Message,
  ];
  if (field in message) return Object.values(message)[0];
  child.kill();
  throw new Error('failed' in message ? message.failed : `unexpected answer to ${question ?? 'start'}`);
}
