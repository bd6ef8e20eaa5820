import { type ChildProcess, spawn } from 'node:child_process';

/** Ends a server when this process ends, also when that is killed: the watchdog's input ends then. */
export function endWithThisProcess(server: ChildProcess): void {
  server.unref();
  const watchdog = spawn('sh', ['-c', `cat >/dev/null; kill -9 ${server.pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.unref();
  const input = watchdog.stdin;
  if (input && 'unref' in input && typeof input.unref === 'function') input.unref();
  server.once('exit', () => watchdog.kill('SIGKILL'));
}
