import { spawnSync } from 'node:child_process';

const installers: readonly (readonly string[])[] = [
  ['apt-get', 'install', '-y', 'redis-server'],
  ['apk', 'add', '--no-cache', 'redis'],
  ['dnf', 'install', '-y', 'redis'],
  ['brew', 'install', 'redis'],
];

const runs = (command: string): boolean =>
  spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

/**
 * Makes sure that `redis-server` is on the PATH: if not, installs it with the system's package manager, without a prompt; if that fails,
 * throws an error that names the package to install.
 */
export function ensureRedis(): void {
  if (runs('redis-server')) return;
  for (const [command = '', ...args] of installers) {
    if (!runs(command)) continue;
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    if (command === 'apt-get') spawnSync(command, ['update'], { stdio: 'ignore', env, timeout: 120_000 });
    spawnSync(command, args, { stdio: 'ignore', env, timeout: 300_000 });
    if (runs('redis-server')) return;
  }
  throw new Error(
    'redis-server is not on the PATH and could not be installed. Install Redis 7 or later, e.g. "apt-get install redis-server" or "brew install redis".',
  );
}
