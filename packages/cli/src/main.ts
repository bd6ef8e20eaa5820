import { userInfo } from 'node:os';
import { run } from './run.js';

/** Runs the command of this process's arguments, and sets its exit code. `version`: what `--version` prints. */
export async function main(version: string): Promise<void> {
  // The reader of our output may stop: `tollgate keys list | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  process.exitCode = await run(process.argv.slice(2), {
    env: process.env,
    user: nameOfUser(),
    now: Date.now,
    version,
    write: (text) => process.stdout.write(text),
    writeError: (text) => process.stderr.write(text),
  });
}

/** A process in a container may have no name. */
function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
