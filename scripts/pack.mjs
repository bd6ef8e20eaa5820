/** Packs every published package as it would be published; returns the tarballs. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { exclusively } from './lock.mjs';
import { capture } from './run.mjs';
import { publicPackages, root } from './workspace.mjs';

/** One at a time: a package may prepare files in its own folder before it is packed. */
export const pack = (destination) => exclusively('pack', () => packInto(destination));

async function packInto(destination) {
  rmSync(destination, { recursive: true, force: true });
  mkdirSync(destination, { recursive: true });
  const pnpm = join(root, 'node_modules/.bin/pnpm');
  const packed = [];
  for (const one of publicPackages()) {
    const tarball = join(
      destination,
      `${one.name.replace('@', '').replace('/', '-')}-${one.manifest.version}.tgz`,
    );
    const { code, log } = await capture(pnpm, ['pack', '--out', tarball], { cwd: one.directory });
    if (code !== 0) throw new Error(`${one.name} cannot be packed:\n${log}`);
    packed.push({ ...one, tarball });
  }
  return packed;
}
