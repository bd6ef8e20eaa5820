import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createKey } from '@tollgate/auth';
import { simulateProvider } from '@tollgate/simulator';
import type { Told } from './worker.js';

/** How a month of requests went. */
export interface Month {
  readonly url: string;
  readonly key: string;
  readonly asked: number;
  readonly answered: number;
  /** By error code. */
  readonly refused: Readonly<Record<string, number>>;
  /** The quota, and what the counters that all processes share say is used. */
  readonly limit: number;
  readonly used: number;
  /** By the provider's own accounts. */
  readonly billedTokens: number;
  readonly notices: readonly string[];
  close(): Promise<void>;
}

const prompt = 'Summarise the minutes of the meeting for those who were not there. '.repeat(10);

/** Starts processes that share a quota on Redis, and lets all of them be asked at once until it is used up. */
export async function aMonth({
  redisUrl,
  processes,
  requests,
  program = fileURLToPath(new URL('./worker.js', import.meta.url)),
}: {
  redisUrl: string;
  processes: number;
  requests: number;
  program?: string;
}): Promise<Month> {
  const provider = await simulateProvider();
  const { key, keyId, sha256 } = createKey();
  const notices: string[] = [];
  const env = {
    ...process.env,
    ...{ REDIS_URL: redisUrl, PREFIX: `quotas-${keyId}`, OPENAI_BASE_URL: provider.openAiUrl },
    TOLLGATE_KEYS: `${keyId}:${sha256} tenant=acme team=research plan=team`,
  };
  const workers: ChildProcess[] = [];
  const urls = await Promise.all(
    Array.from({ length: processes }, async () => {
      const worker = fork(program, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      workers.push(worker);
      return new Promise<string>((resolve, reject) => {
        worker.once('exit', (code) => reject(new Error(`a worker ended with ${code}`)));
        worker.on('message', (told: Told) => {
          if ('notice' in told) notices.push(told.notice);
          else resolve(`http://127.0.0.1:${told.port}`);
        });
      });
    }),
  );
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const body = JSON.stringify({
    model: 'gpt-5-mini',
    max_tokens: 300,
    messages: [{ role: 'user', content: prompt }],
  });
  const refused: Record<string, number> = {};
  let answered = 0;
  const client = async (index: number): Promise<void> => {
    const answer = await fetch(`${urls[index % urls.length]}/v1/chat/completions`, {
      method: 'POST',
      headers,
      body,
    });
    const { error } = (await answer.json()) as { error?: { code: string } };
    if (error) refused[error.code] = (refused[error.code] ?? 0) + 1;
    else answered += 1;
  };
  // In waves, until one finds nothing left: a request that only others' reservations keep out may come again at once.
  let asked = 0;
  while (asked < requests && !refused.quota_exceeded) {
    await Promise.all(Array.from({ length: 30 }, (_, index) => client(index)));
    asked += 30;
  }
  const url = urls[0] ?? '';
  const { limits } = (await (await fetch(`${url}/usage`, { headers })).json()) as {
    limits: { cap: number; used: number }[];
  };
  const { billed } = provider.accounts();
  return {
    ...{ url, key, asked, answered, refused, notices },
    ...{ limit: limits[0]?.cap ?? 0, used: limits[0]?.used ?? 0 },
    billedTokens: billed.inputTokens + billed.outputTokens,
    close: async () => {
      for (const worker of workers) worker.kill();
      await provider.close();
    },
  };
}
