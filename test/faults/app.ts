import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll } from '@jest/globals';
import { bundledProgram } from '@tollgate/testkit/bundled-program';
import type { AppSettings, AppState } from './app-settings.js';

/** An app process, and what a test does with it. */
export interface App {
  readonly process: ChildProcess;
  /** Asks for a chat completion; the whole answer. `undefined` status: the app ended meanwhile. */
  ask(options?: AskOptions): Promise<Answer>;
  state(): Promise<AppState>;
  setClock(offsetMs: number): Promise<void>;
  /** Waits, at most two seconds, until what has ended is settled. */
  settled(): Promise<void>;
  /** Resolves when the process has ended; its signal. */
  ended(): Promise<NodeJS.Signals | null>;
  stop(): Promise<void>;
}

export interface AskOptions {
  /** @defaultValue '/v1/chat/completions' */
  path?: string;
  tenant?: string;
  /** Its requests are not counted, so that the budget is the first to ask Redis. */
  unlimited?: boolean;
  stream?: boolean;
  /** Output cap. */
  tokens?: number;
}

export interface Answer {
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly retryAfter: string | null;
  readonly text: string;
  readonly tookMs: number;
}

/** Starts processes of the app, and ends them after the tests of the file. */
export function useApps(): (settings: Partial<AppSettings> & { redisPorts: number[] }) => Promise<App> {
  const program = bundledProgram(import.meta.dirname, 'app-process');
  const started: App[] = [];
  afterAll(async () => {
    await Promise.all(started.map((app) => app.stop()));
  });
  return async (given) => {
    const settings: AppSettings = {
      cluster: false,
      prefix: 'faults',
      providerUrl: 'http://127.0.0.1:1/v1',
      spend: '$100/month',
      leaseMs: 5_000,
      deadlineMs: 150,
      offsetMs: 0,
      killAt: undefined,
      ...given,
    };
    const app = await start(program, settings);
    started.push(app);
    return app;
  };
}

async function start(program: string, settings: AppSettings): Promise<App> {
  const child = spawn(process.execPath, ['--expose-gc', program, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('exit', (_code, signal) => resolve(signal));
  });
  const [line] = await Promise.race([
    once(child.stdout, 'data'),
    exit.then(() => {
      throw new Error('the app ended as it started');
    }),
  ]);
  const url = `http://127.0.0.1:${Number(String(line))}`;
  const post = async (path: string): Promise<void> => {
    await (await fetch(`${url}${path}`, { method: 'POST' })).text();
  };
  return {
    process: child,
    ask: (options = {}) => ask(url, options),
    state: async () => (await fetch(`${url}/state`)).json() as Promise<AppState>,
    setClock: (offsetMs) => post(`/clock/${offsetMs}`),
    settled: () => post('/settled'),
    ended: () => exit,
    async stop() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

async function ask(
  url: string,
  {
    path = '/v1/chat/completions',
    tenant = 'acme',
    unlimited = false,
    stream = false,
    tokens = 40,
  }: AskOptions,
): Promise<Answer> {
  const body = {
    model: 'model',
    stream,
    max_completion_tokens: tokens,
    messages: [{ role: 'user', content: 'Tell me of the sea.' }],
  };
  const startMs = performance.now();
  try {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-tenant': tenant,
        ...(unlimited && { 'x-unlimited': 'yes' }),
      },
      body: JSON.stringify(body),
    });
    const tookMs = performance.now() - startMs;
    const text = await response.text();
    return {
      status: response.status,
      code: response.ok ? undefined : codeIn(text),
      retryAfter: response.headers.get('retry-after'),
      text,
      tookMs,
    };
  } catch {
    // The process was killed: there is no answer.
    return {
      status: undefined,
      code: undefined,
      retryAfter: null,
      text: '',
      tookMs: performance.now() - startMs,
    };
  }
}

function codeIn(text: string): string | undefined {
  const body: { error?: { code?: string } } = JSON.parse(text);
  return body.error?.code;
}
