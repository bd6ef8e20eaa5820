import OpenAI from 'openai';
import {
  callbackSink,
  formatUsd,
  memoryKeys,
  resilience,
  resilient,
  type Tollgate,
  type TollgateOptions,
  tollgate,
  type UsageEvent,
} from 'tollgate';

/** One piece of work of a tenant. */
export interface Job {
  id: string;
  tenant: string;
  question: string;
}

/** The outcome of a job. `later`: its tenant has too little money left at the moment. */
export type JobResult = { id: string; answer: string; costUsd: string } | { id: string; later: string };

/** Settings and clients of the worker. */
export interface WorkerConfig {
  apiKey: string;
  baseUrl: string;
  spend: `$${string}`;
  log: (line: string) => void;
  /** The stores of the web app, for budgets that both draw on. */
  stores?: Pick<TollgateOptions, 'redis' | 'database'>;
}

/** A worker that answers jobs within its tenants' budgets. */
export function createWorker(config: WorkerConfig): { tg: Tollgate; work: (job: Job) => Promise<JobResult> } {
  const log = ({
    labels,
    attempt,
    model,
    inputTokens,
    outputTokens,
    costNanoUsd,
    status,
  }: UsageEvent): void => {
    const cost = formatUsd(Number(costNanoUsd));
    config.log(
      `${labels.job} attempt ${attempt} ${model} ${status}: ${inputTokens} + ${outputTokens} tokens, $${cost}`,
    );
  };
  const spentNanoUsd = new Map<string, number>();
  const tg = tollgate({
    plans: { worker: { spend: config.spend, concurrent: 4 } },
    // Jobs name their tenant; no job carries a key.
    keys: memoryKeys(),
    sinks: [
      callbackSink((event) => {
        log(event);
        const job = event.labels.job ?? '';
        spentNanoUsd.set(job, (spentNanoUsd.get(job) ?? 0) + Number(event.costNanoUsd));
      }),
    ],
    ...config.stores,
  });
  const steady = resilience({ retries: { baseMs: 50 }, fallbacks: { 'gpt-5': ['gpt-5-mini'] } });
  const openai = new OpenAI({
    apiKey: config.apiKey,
    baseURL: config.baseUrl,
    fetch: resilient(tg.fetch, steady),
  });

  return {
    tg,
    async work({ id, tenant, question }) {
      const caller = { id: 'worker', tenant, plan: 'worker', scopes: [], labels: {} };
      const messages = [{ role: 'user' as const, content: question }];
      try {
        const { choices } = await tg.runWith(
          caller,
          () => openai.chat.completions.create({ model: 'gpt-5', messages, max_completion_tokens: 500 }),
          { labels: { job: id } },
        );
        return {
          id,
          answer: choices[0]?.message.content ?? '',
          costUsd: formatUsd(spentNanoUsd.get(id) ?? 0),
        };
      } catch (error) {
        if (error instanceof OpenAI.APIError && (error.status === 402 || error.status === 429)) {
          return { id, later: error.message };
        }
        throw error;
      } finally {
        spentNanoUsd.delete(id);
      }
    },
  };
}
