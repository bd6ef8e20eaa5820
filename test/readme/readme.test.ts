import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildPackages, runNode, tsc } from '../programs.js';
import { allBlocks, blocksOf, workFolder, writeBlocks } from './blocks.js';

const blocks = allBlocks();
const blockTimeoutMs = 30_000;

beforeAll(async () => {
  await buildPackages();
  await writeBlocks(blocks);
}, 130_000);

describe('the code in the READMEs and docs', () => {
  it('type-checks', async () => {
    const checked = blocks.length === 0 ? { ended: 0, output: '' } : await runNode([tsc, '-p', workFolder]);
    expect(checked).toEqual({ ended: 0, output: '' });
  }, 60_000);

  for (const { title, name } of blocks) {
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
