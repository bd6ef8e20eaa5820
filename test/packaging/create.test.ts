import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildPackages, runNode, tsc } from '../programs.js';
import { makeConsumer, packAll } from './consumers.js';

let project: string;
let folder: string;
beforeAll(async () => {
  await buildPackages();
  project = await makeConsumer(await packAll('create'), 'express');
  folder = mkdtempSync(join(tmpdir(), 'tollgate-created-'));
}, 240_000);
afterAll(() => {
  for (const made of [project, folder]) rmSync(made, { recursive: true, force: true });
});

/** Starts a created app and calls it as its curl line says; the answers with its key and with another. */
async function tried(app: string, server: string): Promise<number[]> {
  const child = spawn(process.execPath, [server], {
    cwd: app,
    env: { PATH: process.env.PATH ?? '', PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    let output = '';
    await new Promise<void>((resolve, reject) => {
      const take = (text: Buffer): void => {
        output += text;
        if (output.includes(" -d '")) resolve();
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${output}`)));
    });
    const [, url = '', key = ''] = /curl -s (\S+) -H 'Authorization: Bearer (\w+)'/.exec(output) ?? [];
    const [, body = ''] = / -d '(.*)'/.exec(output) ?? [];
    const ask = async (credential: string): Promise<number> => {
      const headers = { authorization: `Bearer ${credential}`, 'content-type': 'application/json' };
      return (await fetch(url, { method: 'POST', headers, body })).status;
    };
    return [await ask(key), await ask('tg_live_unknown')];
  } finally {
    child.removeAllListeners('exit');
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
}

describe('npm create tollgate, from the packed packages', () => {
  it.each([
    ['proxy', 'ts'],
    ['proxy', 'js'],
    ['app', 'ts'],
    ['app', 'js'],
  ])(
    'a %s in %s compiles, starts, and answers its curl line',
    async (template, language) => {
      const app = join(folder, `${template}-${language}`);
      const bin = join(project, 'node_modules/create-tollgate/dist/bin.js');
      const args = [bin, app, '--template', template, ...(language === 'js' ? ['--js'] : [])];
      expect(await runNode(args, folder)).toMatchObject({ ended: 0 });
      symlinkSync(join(project, 'node_modules'), join(app, 'node_modules'), 'dir');
      if (language === 'ts') expect(await runNode([tsc], app)).toEqual({ ended: 0, output: '' });
      expect(await tried(app, language === 'ts' ? 'dist/server.js' : 'server.js')).toEqual([200, 401]);
      expect(readFileSync(join(app, '.tollgate/usage.jsonl'), 'utf8')).toContain('"tenant":"demo"');
    },
    150_000,
  );
});
