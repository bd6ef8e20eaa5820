import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installed } from './system-package.js';

/**
 * The folder of `postgres` and `initdb`: from the PATH, or where Debian keeps them. If there is none, installs it with the system's package
 * manager, without a prompt; if that fails, throws an error that names the package to install.
 */
export function ensurePostgres(): string {
  const names = { apt: 'postgresql', apk: 'postgresql', dnf: 'postgresql-server', brew: 'postgresql' };
  const found = installed(binaries, names);
  if (found !== undefined) return found;
  throw new Error(
    'postgres and initdb are not on the PATH and could not be installed. Install PostgreSQL 14 or later, e.g. "apt-get install postgresql" or "brew install postgresql".',
  );
}

function binaries(): string | undefined {
  const { stdout } = spawnSync('sh', ['-c', 'command -v initdb'], { encoding: 'utf8' });
  const folders = [...(stdout.trim() ? [dirname(stdout.trim())] : []), ...debianFolders()];
  return folders.find((folder) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))));
}

/** Newest first: `/usr/lib/postgresql/17/bin`. */
function debianFolders(): string[] {
  const all = '/usr/lib/postgresql';
  if (!existsSync(all)) return [];
  const versions = readdirSync(all).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(all, version, 'bin'));
}
