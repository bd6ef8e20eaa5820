import { type CommandLine, run } from '../src/index.js';

/** What a command answered. */
export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** A terminal in which `tollgate` is typed. */
export function terminal(
  env: CommandLine['env'],
  now: () => number = Date.now,
  fetch = globalThis.fetch,
  confirmMs = 2_000,
) {
  const tollgate = async (...args: string[]): Promise<Answer> => {
    let [out, error] = ['', ''];
    const code = await run(args, {
      env,
      now,
      user: 'ann',
      confirmMs,
      fetch,
      write: (text) => {
        out += text;
      },
      writeError: (text) => {
        error += text;
      },
    });
    return { code, out, error };
  };
  /** With `--json`, read; fails where the command does. */
  const json = async (...args: string[]) => {
    const { code, out, error } = await tollgate(...args, '--json');
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${error}`);
    return JSON.parse(out);
  };
  return { tollgate, json };
}
