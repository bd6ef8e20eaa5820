/** Installs the lockfile's packages, through npx; touches neither network nor disk when nothing changed. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { capture, step } from './run.mjs';
import { digest, isStamped, writeStamp } from './stamp.mjs';
import { root, workspacePackages } from './workspace.mjs';

const stamp = join(root, 'node_modules/.tollgate-installed');

function wanted(packages) {
  const manifests = [root, ...packages.map((one) => one.directory)].map((folder) =>
    join(folder, 'package.json'),
  );
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((name) => join(root, name));
  return digest({ files: [...files, ...manifests], words: [process.platform, process.arch] });
}

function pnpmVersion() {
  const catalog = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  return /^ {2}pnpm: (\S+)$/m.exec(catalog)?.[1] ?? 'latest';
}

export async function install() {
  const packages = workspacePackages();
  const complete = packages.every((one) => existsSync(join(one.directory, 'node_modules')));
  if (complete && isStamped(stamp, wanted(packages))) return;
  rmSync(stamp, { force: true });
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
  const args = [
    '--yes',
    `pnpm@${pnpmVersion()}`,
    'install',
    '--prefer-offline',
    '--config.confirmModulesPurge=false',
  ];
  await step('dependencies installed', () => capture(npx, args));
  writeStamp(stamp, wanted(packages));
}
