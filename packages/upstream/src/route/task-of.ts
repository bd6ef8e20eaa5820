import { type TollgateContext, TollgateError } from '@tollgate/core';
import type { PromptFacts } from '../call/prompt-facts.js';
import { classifyPrompt } from './classify-prompt.js';
import type { RouteInputs } from './route-inputs.js';
import type { RouterOptions } from './router-options.js';

/** The sources that may name a request's task. */
export interface TaskAsk {
  /** Absent: a call outside of any request. */
  readonly context: TollgateContext | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The route's task, where the app names it. */
  readonly ofRoute: string | undefined;
}

type NamedTask = Pick<RouteInputs, 'task' | 'taskBy'>;

/**
 * The task of a request: from the route, its label, the header of a caller that may use it, the classifier, or the default, in this order.
 * Throws `invalid_value` (400) for a header with an unknown task.
 */
export function taskOf(
  ask: TaskAsk,
  facts: () => PromptFacts,
  options: RouterOptions,
  defaultTask: string,
): NamedTask {
  const { context, headers, ofRoute } = ask;
  const { tasks, label = 'task', header, classify = classifyPrompt } = options;
  const isTask = (name: string | undefined): name is string =>
    name !== undefined && Object.hasOwn(tasks, name);
  if (ofRoute !== undefined) return { task: ofRoute, taskBy: 'route' };
  const labels = context?.labels ?? {};
  const labelled = Object.hasOwn(labels, label) ? labels[label] : undefined;
  if (isTask(labelled)) return { task: labelled, taskBy: 'label' };
  if (header && context?.caller?.scopes.includes(header.scope)) {
    const given = headers[header.name.toLowerCase()];
    if (given !== undefined) {
      if (typeof given === 'string' && isTask(given)) return { task: given, taskBy: 'header' };
      throw unknownTask(header.name, Object.keys(tasks));
    }
  }
  const guessed = classify === false ? undefined : classify(facts(), context?.caller);
  return isTask(guessed) ? { task: guessed, taskBy: 'classifier' } : { task: defaultTask, taskBy: 'default' };
}

function unknownTask(header: string, tasks: readonly string[]): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'invalid_value',
    param: header,
    message: `The header ${header} must name a task: ${tasks.join(', ')}.`,
    retryAfterMs: false,
  });
}
