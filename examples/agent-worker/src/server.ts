import { simulateProvider } from '@tollgate/simulator';
import { createWorker, type Job } from './worker.js';

const { OPENAI_API_KEY, OPENAI_BASE_URL, REDIS_URL, DATABASE_URL } = process.env;
const simulated = OPENAI_API_KEY ? undefined : await simulateProvider();
simulated?.queue({}, { status: 503 }, {}, { status: 500 }, { status: 500 });
const { tg, work } = createWorker({
  apiKey: OPENAI_API_KEY ?? 'simulated',
  baseUrl: simulated?.openAiUrl ?? OPENAI_BASE_URL ?? 'https://api.openai.com/v1',
  spend: '$0.10/day',
  log: console.log,
  stores: {
    ...(REDIS_URL && { redis: { url: REDIS_URL } }),
    ...(DATABASE_URL && { database: { connectionString: DATABASE_URL } }),
  },
});

await tg.ready();
const jobs: Job[] = ['the sea', 'the moon', 'the wind', 'rivers', 'salt'].map((subject, index) => ({
  id: `job-${index + 1}`,
  tenant: index % 2 === 0 ? 'acme' : 'globex',
  question: `Tell me of ${subject}.`,
}));
for (const job of jobs) {
  const result = await work(job);
  console.log('later' in result ? `${job.id} later: ${result.later}` : `${job.id} done: $${result.costUsd}`);
}
console.log(
  "try: spend: '$0.001/day' above, so that the money runs out, or REDIS_URL for two workers with one budget",
);
await tg.close();
await simulated?.close();
