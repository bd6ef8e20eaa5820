import type { Usage } from '@tollgate/core';

/** A model as it really is, which no router is told: dollars per million tokens, quality by task, pace. */
export interface TrueModel {
  readonly provider: 'openai' | 'anthropic' | 'google';
  readonly model: string;
  readonly input: number;
  readonly output: number;
  readonly quality: Readonly<Record<string, number>>;
  readonly firstTokenMs: number;
  readonly tokensPerSecond: number;
}

export const trueModels: readonly TrueModel[] = [
  {
    provider: 'openai',
    model: 'best',
    input: 1.25,
    output: 10,
    quality: { simple: 0.98, extraction: 0.97, code: 0.93, reasoning: 0.94 },
    firstTokenMs: 900,
    tokensPerSecond: 60,
  },
  {
    provider: 'anthropic',
    model: 'middle',
    input: 1,
    output: 5,
    quality: { simple: 0.95, extraction: 0.93, code: 0.88, reasoning: 0.8 },
    firstTokenMs: 600,
    tokensPerSecond: 100,
  },
  {
    provider: 'google',
    model: 'cheap',
    input: 0.1,
    output: 0.4,
    quality: { simple: 0.88, extraction: 0.85, code: 0.55, reasoning: 0.5 },
    firstTokenMs: 300,
    tokensPerSecond: 200,
  },
];

/** Quality floors and length of answers by task, and the share of requests. */
export const trueTasks = {
  simple: { quality: 0.8, outputTokens: 120, share: 0.4 },
  extraction: { quality: 0.8, outputTokens: 250, share: 0.25 },
  code: { quality: 0.85, outputTokens: 700, share: 0.2 },
  reasoning: { quality: 0.9, outputTokens: 1_200, share: 0.15 },
} as const;

export type TrueTask = keyof typeof trueTasks;

export const costOf = (
  { input, output }: TrueModel,
  { inputTokens, outputTokens }: Pick<Usage, 'inputTokens' | 'outputTokens'>,
) => Math.ceil((input * inputTokens + output * outputTokens) * 1_000);

/** One request of the mixed workload. */
export interface TrueRequest {
  readonly task: TrueTask;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** How lucky it is with its wait: a factor. */
  readonly luck: number;
}

/** So many requests of all tasks, mixed, the same for the same seed. */
export function workload(count: number, random: () => number): TrueRequest[] {
  const tasks = Object.keys(trueTasks) as TrueTask[];
  return Array.from({ length: count }, () => {
    const draw = random();
    const upTo = (last: number): number =>
      tasks.slice(0, last + 1).reduce((sum, name) => sum + trueTasks[name].share, 0);
    const task = tasks.find((_, at) => draw < upTo(at)) ?? 'simple';
    const spread = (): number => 0.5 + random();
    return {
      task,
      inputTokens: Math.ceil(50 + 2_000 * random() ** 3),
      outputTokens: Math.ceil(trueTasks[task].outputTokens * spread()),
      luck: Math.exp((random() + random() + random() - 1.5) * 0.8),
    };
  });
}

/** A share of figures is at or below this one. */
export const quantile = (figures: readonly number[], share: number): number =>
  figures.toSorted((a, b) => a - b)[Math.ceil(figures.length * share) - 1] ?? Number.NaN;
