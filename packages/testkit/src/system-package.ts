import { spawnSync } from 'node:child_process';

/** The name of a program's package, by package manager. */
export interface PackageNames {
  readonly apt: string;
  readonly apk: string;
  readonly dnf: string;
  readonly brew: string;
}

/** The commands that install; apt waits for others that install at the same time. */
const installers: readonly (readonly [keyof PackageNames, string, readonly string[]])[] = [
  ['apt', 'apt-get', ['-o', 'DPkg::Lock::Timeout=240', 'install', '-y', '--no-install-recommends']],
  ['apk', 'apk', ['add', '--no-cache']],
  ['dnf', 'dnf', ['install', '-y']],
  ['brew', 'brew', ['install']],
];

/**
 * The result of `find`; if there is none, installs the package with the system's package manager, without a prompt, and tries again.
 * `undefined` if that fails.
 */
export function installed<Found>(find: () => Found | undefined, names: PackageNames): Found | undefined {
  const found = find();
  if (found !== undefined) return found;
  for (const [manager, command, args] of installers) {
    if (spawnSync(command, ['--version'], { stdio: 'ignore' }).status !== 0) continue;
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    if (manager === 'apt') spawnSync(command, ['update'], { stdio: 'ignore', env, timeout: 120_000 });
    spawnSync(command, [...args, names[manager]], { stdio: 'ignore', env, timeout: 300_000 });
    const after = find();
    if (after !== undefined) return after;
  }
  return undefined;
}
