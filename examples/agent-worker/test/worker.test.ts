import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { createWorker } from '../src/worker.js';

const ask = (id: string) => ({ id, tenant: 'acme', question: 'Tell me of the sea.' });

describe('a worker without Express', () => {
  let provider: SimulatedProvider;
  let lines: string[];
  let close: () => Promise<void>;
  beforeEach(async () => {
    provider = await simulateProvider();
    lines = [];
  });
  afterEach(async () => {
    await close();
    await provider.close();
  });

  const start = (spend: `$${string}`) => {
    const baseUrl = provider.openAiUrl;
    const made = createWorker({ apiKey: 'a', baseUrl, spend, log: (line) => void lines.push(line) });
    close = () => made.tg.close();
    return made.work;
  };

  it('answers jobs, tries again, falls back to a smaller model, and logs what each attempt cost', async () => {
    const work = start('$1/day');
    provider.queue({ status: 503 }, { status: 503 });
    const result = await work(ask('job-1'));
    expect(result).toMatchObject({ id: 'job-1', answer: expect.stringMatching(/./) });
    expect(lines.map((line) => line.replace(/:.*/, ''))).toEqual([
      'job-1 attempt 1 gpt-5 503',
      'job-1 attempt 2 gpt-5 503',
      'job-1 attempt 3 gpt-5-mini 200',
    ]);
    expect('costUsd' in result && lines[2]?.endsWith(`$${result.costUsd}`)).toBe(true);
  });

  it('puts a job off when what its tenant has left may not suffice, at no cost', async () => {
    const work = start('$0.006/day');
    const results = [];
    for (let job = 1; job <= 8; job += 1) results.push(await work(ask(`job-${job}`)));
    const later = results.filter((result) => 'later' in result);
    expect(later.length).toBeGreaterThan(0);
    expect(results[0]).toMatchObject({ answer: expect.stringMatching(/./) });
    expect(provider.requests).toHaveLength(results.length - later.length);
    expect(lines).toHaveLength(provider.requests.length);
  });
});
