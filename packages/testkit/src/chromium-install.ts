import { spawnSync } from 'node:child_process';
import { installed } from './system-package.js';

const commands = ['chromium', 'chromium-browser', 'google-chrome'];

function onPath(): string | undefined {
  for (const command of commands) {
    const { stdout } = spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' });
    if (stdout.trim() !== '') return stdout.trim();
  }
  return undefined;
}

/**
 * The path of a Chromium: from the PATH, otherwise installed with the system's package manager. `undefined`, with a warning on stderr, where
 * there is none.
 */
export function findChromium(): string | undefined {
  const found = installed(onPath, { apt: 'chromium', apk: 'chromium', dnf: 'chromium', brew: 'chromium' });
  if (found === undefined) {
    process.stderr.write(
      'WARNING: there is no Chromium on the PATH, and none could be installed: tests in the browser are skipped. Install it, e.g. "apt-get install chromium".\n',
    );
  }
  return found;
}
