import type { TollgateContext } from '@tollgate/core';
import type { CallStep, DeclaredCall } from '@tollgate/core/internal';
import { subjectsOfCaller } from '../features/subjects-of-caller.js';
import type { Ladder } from '../ladder/ladder.js';

/** Sends a caller's calls to the cheaper models that its measures name. */
export function cheaperStep(context: TollgateContext, ladder: Ladder, now: () => number): CallStep {
  return {
    name: 'watch',
    stage: 'switch',
    begin: (call) => {
      const { parsed } = call;
      if (!parsed || !context.caller) return;
      for (const subject of subjectsOfCaller(context.caller)) {
        const action = ladder.active('cheaper', subject, now())?.action;
        if (action?.do !== 'cheaper') continue;
        const model = Object.hasOwn(action.models, parsed.model) ? action.models[parsed.model] : undefined;
        if (model !== undefined) askInstead(context, call, model);
      }
    },
  };
}

/** Another model, where the caller may use it and it does not cost more. */
function askInstead(context: TollgateContext, { parsed }: DeclaredCall, model: string): void {
  if (!parsed || !context.calls.allows(model, parsed.provider)) return;
  if (parsed.estimateOf({ model }).costNanoUsd < parsed.estimate.costNanoUsd) parsed.apply({ model });
}
