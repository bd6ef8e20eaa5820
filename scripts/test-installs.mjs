/**
 * `npm run test:installs`: installs all packed packages with npm, pnpm and yarn, on Node 20, 22, 24 and 26, loads each by import and by require, and
 * compiles a strict TypeScript project for `node16` and for bundlers. Prints a table; ends with 1 where a cell fails. Needs the registry.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { nodeOf } from './nodes.mjs';
import { pack } from './pack.mjs';
import { capture } from './run.mjs';
import { setUp } from './set-up.mjs';
import { root } from './workspace.mjs';

const yarnVersion = '4.18.1';
const majors = process.argv.slice(2).filter((arg) => /^\d+$/.test(arg));
const managers = ['npm', 'pnpm', 'yarn'];

/** A project that asks for every package, each from its tarball, also where one of them asks for another. */
function writeProject(folder, packed, manager) {
  const ours = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
  const manifest = {
    ...{ name: 'consumer', version: '1.0.0', private: true },
    dependencies: { ...ours, express: '^5.2.0' },
    devDependencies: { '@types/node': '^20.19.0', typescript: '^5.9.0' },
    ...(manager === 'npm' && { overrides: ours }),
    ...(manager === 'yarn' && { resolutions: ours, packageManager: `yarn@${yarnVersion}` }),
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, undefined, 2));
  if (manager === 'pnpm')
    writeFileSync(join(folder, 'pnpm-workspace.yaml'), JSON.stringify({ overrides: ours }));
  if (manager === 'yarn')
    writeFileSync(
      join(folder, '.yarnrc.yml'),
      JSON.stringify({ nodeLinker: 'node-modules', enableTelemetry: false, enableImmutableInstalls: false }),
    );
}

/** The command line that installs with a manager, as a program of Node. */
async function installerOf(manager, tools) {
  if (manager === 'npm')
    return [
      join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js'),
      'install',
      '--no-audit',
      '--no-fund',
    ];
  if (manager === 'pnpm')
    return [join(root, 'node_modules/pnpm/bin/pnpm.mjs'), 'install', '--no-frozen-lockfile'];
  const { code, log } = await capture(
    'npm',
    ['install', '--no-save', '--no-audit', '--no-fund', `@yarnpkg/cli-dist@${yarnVersion}`],
    { cwd: tools },
  );
  if (code !== 0) throw new Error(`yarn could not be installed:\n${log}`);
  return [join(tools, 'node_modules/@yarnpkg/cli-dist/bin/yarn.js'), 'install'];
}

/** What is tried in an installed project: a title, and the arguments of Node. */
function trials(folder, names) {
  const uses = names
    .map((name, index) => `import * as package${index} from '${name}';\nvoid package${index};`)
    .join('\n');
  const files = {
    'esm.mjs': names.map((name) => `await import('${name}');`).join('\n'),
    'cjs.cjs': names.map((name) => `require('${name}');`).join('\n'),
    ...{ 'types.mts': uses, 'types.cts': uses, 'bundled.ts': uses },
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), `${text}\n`);
  const strict = ['--noEmit', '--strict', '--target', 'es2022', '--types', 'node'];
  const tsc = [join(folder, 'node_modules/typescript/bin/tsc'), ...strict];
  return [
    ['import', ['esm.mjs']],
    ['require', ['cjs.cjs']],
    ['node16, import', [...tsc, '--module', 'node16', 'types.mts']],
    ['node16, require', [...tsc, '--module', 'node16', 'types.cts']],
    ['bundler', [...tsc, '--module', 'esnext', '--moduleResolution', 'bundler', 'bundled.ts']],
  ];
}

await setUp();
const work = mkdtempSync(join(tmpdir(), 'tollgate-installs-'));
const packed = await pack(join(work, 'packs'));
const names = packed.map(({ name }) => name);
const rows = [];
for (const major of majors.length > 0 ? majors : ['20', '22', '24', '26']) {
  const { binary, version, reason } = await nodeOf(major);
  if (!binary) throw new Error(`Node ${major} ${reason}`);
  for (const manager of managers) {
    const folder = join(work, `${manager}-${major}`);
    const tools = join(work, 'tools');
    for (const made of [folder, tools]) mkdirSync(made, { recursive: true });
    writeProject(folder, packed, manager);
    const installed = await capture(binary, await installerOf(manager, tools), { cwd: folder });
    const row = { node: version, manager, install: installed.code === 0 ? 'ok' : 'FAILED' };
    if (installed.code !== 0) console.log(installed.log);
    else
      for (const [title, args] of trials(folder, names)) {
        const { code, log } = await capture(binary, args, { cwd: folder });
        row[title] = code === 0 ? 'ok' : 'FAILED';
        if (code !== 0) console.log(`${manager}, Node ${version}, ${title}:\n${log}`);
      }
    rows.push(row);
    console.log(Object.values(row).join('  '));
    rmSync(folder, { recursive: true, force: true });
  }
}
rmSync(work, { recursive: true, force: true });
console.table(rows);
process.exitCode = rows.some((row) => Object.values(row).includes('FAILED')) ? 1 : 0;
