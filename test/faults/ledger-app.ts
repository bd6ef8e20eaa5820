import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** What an app process with a ledger is started with, as JSON in its first argument. */
export interface LedgerAppSettings {
  readonly databaseUrl: string;
  readonly spool: string;
  readonly providerUrl: string;
}

export interface LedgerApp {
  readonly process: ChildProcess;
  /** Asks for a completion; the answer's status, `undefined` where the app ended meanwhile. */
  ask(name: string): Promise<number | undefined>;
  /** Ends it; resolves with its exit code or signal. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string>;
}

/** Starts the program. `mostFileBlocks`: no file of it may be longer than so many blocks of 1 024 bytes; a write beyond fails, as on a full disk. */
export async function startLedgerApp(
  program: string,
  settings: LedgerAppSettings,
  mostFileBlocks?: number,
): Promise<LedgerApp> {
  const limited = mostFileBlocks === undefined ? '' : `trap "" XFSZ; ulimit -f ${mostFileBlocks}; `;
  const command = `${limited}exec "$0" "$@"`;
  const child = spawn('bash', ['-c', command, process.execPath, program, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  const [line] = await Promise.race([once(child.stdout, 'data'), exited.then(() => ['{}'])]);
  const { port, key } = JSON.parse(String(line));
  return {
    process: child,
    async ask(name) {
      try {
        const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'x-ask': name },
          body: JSON.stringify({
            model: 'model',
            max_completion_tokens: 20,
            messages: [{ role: 'user', content: name }],
          }),
        });
        await response.text();
        return response.status;
      } catch {
        return undefined;
      }
    },
    async end(signal) {
      child.kill(signal);
      const [code, by] = await exited;
      return code ?? by;
    },
  };
}
