import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

export interface Outcome {
  /** Exit code, or the signal that ended the program. */
  ended: number | NodeJS.Signals | null;
  output: string;
}

/** Runs a program to its end; kills it with SIGKILL, and says so by its outcome, after `timeoutMs`. */
export function runProgram(
  command: string,
  args: string[],
  cwd: string,
  timeoutMs: number,
): Promise<Outcome> {
  const { PATH, HOME, TMPDIR } = process.env;
  const env = { PATH, HOME, TMPDIR, NO_COLOR: '1' };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ ended: code ?? signal, output }));
  });
}

/** Runs one of the workspace's own scripts or tools with this Node. */
export const runNode = (args: string[], cwd = root, timeoutMs = 120_000): Promise<Outcome> =>
  runProgram(process.execPath, args, cwd, timeoutMs);

/** Builds whatever changed, so that what runs is the packages as they are now. */
export async function buildPackages(): Promise<void> {
  const { ended, output } = await runNode(['scripts/build.mjs', '--no-install']);
  if (ended !== 0) throw new Error(`The packages do not build:\n${output}`);
}

/** The compiler of today, and the last one that resolves as Node 10 did. */
export const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
export const tsc6 = join(root, 'node_modules/typescript/bin/tsc6');
