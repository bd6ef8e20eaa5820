import { spawn } from 'node:child_process';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { simulateProvider } from '@tollgate/simulator';
import { freePort } from '@tollgate/testkit';
import { buildPackages, runNode, tsc } from '../programs.js';
import { allBlocks, blocksOf, workFolder, writeBlocks } from './blocks.js';

const blocks = allBlocks();
const blockTimeoutMs = 120_000; // some create an embedded database, which takes a slow machine long

beforeAll(async () => {
  await buildPackages();
  await writeBlocks(blocks);
}, 130_000);

describe('the code in the READMEs and docs', () => {
  it('type-checks', async () => {
    const checked = blocks.length === 0 ? { ended: 0, output: '' } : await runNode([tsc, '-p', workFolder]);
    expect(checked).toEqual({ ended: 0, output: '' });
  }, 150_000);

  for (const { title, name } of blocks.filter(({ code }) => !code.includes('app.listen('))) {
    it(
      `${title} runs to its end`,
      async () => {
        const { ended, output } = await runNode([`${name}.mjs`], workFolder, blockTimeoutMs);
        expect({ ended, output: ended === 0 ? '' : output }).toEqual({ ended: 0, output: '' });
      },
      blockTimeoutMs + 5_000,
    );
  }
});

describe('an app that listens', () => {
  const apps = blocks.filter(({ code }) => code.includes('app.listen('));

  it.each(apps)(
    'of $title prints a key, and answers its curl line; an error of its own is on stderr with the id of the request',
    async ({ name }) => {
      const provider = await simulateProvider();
      const port = String(await freePort());
      const child = spawn(process.execPath, [`${name}.mjs`], {
        cwd: workFolder,
        env: {
          PATH: process.env.PATH ?? '',
          PORT: port,
          OPENAI_API_KEY: 'a',
          OPENAI_BASE_URL: provider.openAiUrl,
        },
      });
      const output = { out: '', err: '' };
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output.out += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        output.err += text;
      });
      const ask = async (): Promise<Response> => {
        for (;;) {
          const [key] = /tg_live_\w+/.exec(output.out) ?? [];
          const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
          const body = JSON.stringify({ topic: 'the sea' });
          const answer = await fetch(`http://127.0.0.1:${port}/haiku`, {
            method: 'POST',
            headers,
            body,
          }).catch(() => undefined);
          if (key && answer) return answer;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      const answer = await ask();
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual({ haiku: expect.any(String) });
      provider.script({ status: 401 });
      const failed = await ask();
      expect(failed.status).toBe(502);
      while (!output.err.includes('Incorrect API key'))
        await new Promise((resolve) => setTimeout(resolve, 5));
      expect(output.err).toContain(
        `request ${failed.headers.get('x-request-id')} (POST /haiku) ended with 502`,
      );
      child.kill('SIGKILL');
      await provider.close();
    },
    150_000,
  );
});

describe('finding the code', () => {
  it('takes blocks tagged ts, and no others', () => {
    const page = [
      'a',
      '```ts',
      'one();',
      '```',
      '```sh',
      'npm test',
      '```',
      '````md',
      '```ts',
      'shown();',
      '```',
      '````',
    ];
    expect(blocksOf('docs/a.md', page.join('\n'))).toEqual([
      { title: 'docs/a.md:2', name: 'docs-a-md-2', code: 'one();' },
    ]);
  });

  it('refuses a page whose last block is not closed', () => {
    expect(() => blocksOf('a.md', '```ts\none();')).toThrow('a.md:1: a code block is not closed');
  });
});
