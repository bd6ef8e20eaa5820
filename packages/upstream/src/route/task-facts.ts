import { parseUsd } from '@tollgate/core';
import type { RouteInputs } from './route-inputs.js';
import { isNamed, isOf, qualityOf, type RoutedModel, type RouteTask, targetOf } from './router-options.js';

/** A model that may answer a task. */
interface TaskModel {
  readonly model: RoutedModel;
  readonly target: string;
  readonly quality: number;
  /** Its share, where the task splits its requests; 0: none. */
  readonly weight: number;
}

/** A task as it is declared, read once. */
export interface TaskFacts
  extends Pick<RouteInputs, 'quality' | 'firstTokenMs' | 'maxCostNanoUsd' | 'nanoUsdPerSecond' | 'canary'> {
  readonly models: readonly TaskModel[];
  /** How long its answers are expected to be, in tokens: as declared, then as learnt. */
  outputTokens: number;
}

const usualOutputTokens = 400;

/** Reads a task's declaration, whose options were checked. */
export function taskFacts(name: string, task: RouteTask, models: readonly RoutedModel[]): TaskFacts {
  const { quality = 0, firstTokenMs = null, maxCost, secondWorth = '0', canary, weights = {} } = task;
  const ofTask = models.filter((model) => isOf(task, model));
  const tried = canary && ofTask.find((model) => isNamed([canary.model], model));
  const weightOf = (model: RoutedModel): number =>
    Object.entries(weights).find(([pattern]) => isNamed([pattern], model))?.[1] ?? 0;
  return {
    quality,
    firstTokenMs,
    maxCostNanoUsd: maxCost === undefined ? null : (parseUsd(maxCost) ?? null),
    nanoUsdPerSecond: parseUsd(secondWorth) ?? 0,
    canary: canary && tried ? { target: targetOf(tried), share: canary.share } : null,
    models: ofTask.map((model) => ({
      model,
      target: targetOf(model),
      quality: qualityOf(model, name),
      weight: weightOf(model),
    })),
    outputTokens: task.outputTokens ?? usualOutputTokens,
  };
}
