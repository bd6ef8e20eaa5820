import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { root } from '../pages.js';

/** It installs 400 MB from the registry: in `npm run test:long`. */
const chat = process.env.TOLLGATE_LONG === '1' ? describe : describe.skip;

chat('the example next-chat', () => {
  let app: ChildProcess;
  let url = '';
  beforeAll(async () => {
    app = spawn(process.execPath, [join(root, 'scripts/example.mjs'), 'next-chat'], {
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    url = await new Promise<string>((resolve, reject) => {
      const take = (text: Buffer): void => {
        output += text;
        const [, found] = /listening on (http:\S+);/.exec(output) ?? [];
        if (found) resolve(found);
      };
      app.stdout?.on('data', take);
      app.stderr?.on('data', take);
      app.once('exit', (code) => reject(new Error(`it ended with ${code}: ${output}`)));
    });
  }, 600_000);
  afterAll(() => void app.kill('SIGTERM'));

  const ask = async (
    text: string,
    cookie?: string,
  ): Promise<{ status: number; said: string; cookie: string }> => {
    const messages = [{ id: '1', role: 'user', parts: [{ type: 'text', text }] }];
    const headers = { 'content-type': 'application/json', ...(cookie && { cookie }) };
    const answer = await fetch(`${url}/api/chat`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ messages }),
    });
    const [given = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
    return { status: answer.status, said: await answer.text(), cookie: given };
  };

  it('serves the page by Next.js, and streams the answer behind the guards', async () => {
    expect(await (await fetch(url)).text()).toContain('Chat with a budget');
    const { status, said, cookie } = await ask('Tell me of the sea.');
    expect([status, said.includes('text-delta')]).toEqual([200, true]);
    expect(cookie).toMatch(/^visitor=/);
  });

  it('stops a visitor at its budget, and no other', async () => {
    const { cookie } = await ask('hi');
    const long = 'word '.repeat(6_000);
    const answers = [];
    for (let count = 0; count < 15; count += 1) answers.push(await ask(long, cookie));
    expect(answers.at(-1)?.said).toContain('used up');
    expect((await ask('hi')).said).toContain('text-delta');
  });
});
