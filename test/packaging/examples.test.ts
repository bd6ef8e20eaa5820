import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import { root } from '../pages.js';
import { buildPackages, runNode, tsc } from '../programs.js';
import { makeConsumer, packAll } from './consumers.js';

/** `next-chat` is copied and installed by itself, see `next-chat.test.ts`. */
const names = readdirSync(join(root, 'examples')).filter((name) => name !== 'next-chat');
let project: string;
let folder: string;
let redis: RedisProcess;
beforeAll(async () => {
  await buildPackages();
  project = await makeConsumer(await packAll('examples'), 'express');
  folder = mkdtempSync(join(tmpdir(), 'tollgate-examples-'));
  redis = await startRedis();
}, 240_000);
afterAll(async () => {
  await redis.stop();
  for (const made of [project, folder]) rmSync(made, { recursive: true, force: true });
});

function linkTo(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, 'dir');
}

/** Copies an example as a user does, and gives it the packed packages and its other dependencies. */
async function copied(name: string): Promise<string> {
  const copy = join(folder, name);
  const { ended, output } = await runNode([join(root, 'scripts/example.mjs'), name, '--copy', copy]);
  if (ended !== 0) throw new Error(output);
  const modules = join(copy, 'node_modules');
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'));
  for (const one of Object.keys({ ...dependencies, ...devDependencies })) {
    if (one === 'typescript') continue;
    const shared = join(project, 'node_modules', one);
    const installed = join(root, 'examples', name, 'node_modules', one);
    // Beside the packed packages too, which look for optional ones there.
    if (!existsSync(shared)) linkTo(realpathSync(installed), shared);
    linkTo(shared, join(modules, one));
  }
  return copy;
}

/** The output of a started example up to the line that says what to try next, or up to its end. */
async function shown(copy: string): Promise<{ output: string; ended: number | null }> {
  const { start } = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8')).scripts;
  const [, ...program] = start.replace('tsc && ', '').split(' ');
  const child: ChildProcess = spawn(process.execPath, program, {
    cwd: copy,
    env: { PATH: process.env.PATH ?? '', TMPDIR: process.env.TMPDIR ?? '', PORT: '0', REDIS_URL: redis.url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const told = new Promise<null>((resolve) => {
    const take = (text: Buffer): void => {
      output += text;
      if (/\btry\b|\bcurl\b/.test(output)) resolve(null);
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
  });
  const code = await Promise.race([ended, told]);
  child.kill('SIGTERM');
  await ended;
  return { output, ended: code ?? 0 };
}

describe('an example that is copied out of the repository', () => {
  it.each(names)(
    '%s compiles, and runs with the packed packages to its end, or until it says what to try next',
    async (name) => {
      const copy = await copied(name);
      expect(await runNode([tsc, '-p', copy], copy)).toEqual({ ended: 0, output: '' });
      const { output, ended } = await shown(copy);
      expect({ name, ended, output }).toEqual({
        name,
        ended: 0,
        output: expect.not.stringMatching(/NOT HOLD|BROKEN|^\s+at .*:\d+/m),
      });
    },
    150_000,
  );
});
