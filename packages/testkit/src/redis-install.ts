import { spawnSync } from 'node:child_process';
import { installed } from './system-package.js';

const found = (): true | undefined =>
  spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0 || undefined;

/**
 * Makes sure that `redis-server` is on the PATH: if not, installs it with the system's package manager, without a prompt; if that fails,
 * throws an error that names the package to install.
 */
export function ensureRedis(): void {
  if (installed(found, { apt: 'redis-server', apk: 'redis', dnf: 'redis', brew: 'redis' })) return;
  throw new Error(
    'redis-server is not on the PATH and could not be installed. Install Redis 7 or later, e.g. "apt-get install redis-server" or "brew install redis".',
  );
}
