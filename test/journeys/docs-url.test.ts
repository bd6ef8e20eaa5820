import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { bundledProgram } from '@tollgate/testkit/bundled-program';

const program = bundledProgram(import.meta.dirname, 'docs-url-process');

/** What the app prints, and what it warns of. */
async function run(docsUrl: string) {
  const child = spawn(process.execPath, [program], {
    // As pm2 sets it, which is warned of: counters in memory are not shared.
    env: { ...process.env, NODE_APP_INSTANCE: '0', TOLLGATE_DOCS_URL: docsUrl },
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, code };
}

describe('the address of the documentation', () => {
  it('is at the end of the message of a refusal, in every format, and in warnings', async () => {
    const { stdout, stderr } = await run('https://docs.example.com/');
    const page = 'https://docs.example.com/docs/errors/missing_api_key';
    const [openai, anthropic, gemini, problem] = JSON.parse(stdout);
    for (const body of [openai, anthropic, gemini]) expect(body.error.message).toMatch(`. See ${page}`);
    expect(problem).toMatchObject({ type: page, detail: expect.stringContaining(`. See ${page}`) });
    expect(stderr).toContain('See https://docs.example.com/docs/errors/TOLLGATE_W_');
  });

  it('is left out where it is empty', async () => {
    const { stdout, stderr } = await run('');
    expect(stdout).toContain('missing_api_key');
    expect(stdout).not.toContain('See ');
    expect(stdout).toContain('about:blank');
    expect(stderr).toContain('Explained in docs/errors.md of the package @tollgate/core, under TOLLGATE_W_');
  });

  it('ends the process at its start where it is none', async () => {
    const { stdout, stderr, code } = await run('docs.example.com');
    expect(stdout).toBe('');
    expect(stderr).toContain('TOLLGATE_DOCS_URL must be the address');
    expect(code).not.toBe(0);
  });
});
