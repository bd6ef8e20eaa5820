import { type Caller, type Plans, type TollgateContext, TollgateError } from '@tollgate/core';
import { type CallStep, type DeclaredCall, modelAllowed, planOf } from '@tollgate/core/internal';

/** The step that checks each call's model against the models of its caller's credential and plan. */
export function modelPermission(context: TollgateContext, plans: Plans | undefined): CallStep {
  return new ModelPermission(context, plans);
}

class ModelPermission implements CallStep {
  readonly name = 'auth';
  readonly stage = 'authorize';

  constructor(
    private readonly context: TollgateContext,
    private readonly plans: Plans | undefined,
  ) {}

  begin(call: DeclaredCall): void {
    const { caller } = this.context;
    if (caller) checkModel(call, this.#listsOf(caller));
  }

  allows(model: string): boolean {
    const { caller } = this.context;
    return !caller || this.#listsOf(caller).every((patterns) => modelAllowed(patterns, model));
  }

  #listsOf(caller: Caller): readonly (readonly string[] | undefined)[] {
    return [caller.models, this.plans && planOf(this.plans, caller).models];
  }
}

/** Throws `model_not_allowed` unless the model that will be dispatched, to the letter, is within every list that is given. */
function checkModel(call: DeclaredCall, lists: readonly (readonly string[] | undefined)[]): void {
  if (lists.every((patterns) => patterns === undefined)) return;
  const model = call.parsed?.model ?? statedModel(call);
  if (model === undefined && /^(?:GET|HEAD)$/i.test(call.outgoing.method)) return;
  if (model !== undefined && lists.every((patterns) => modelAllowed(patterns, model))) return;
  const shown = model === undefined ? 'of this call' : JSON.stringify(model.slice(0, 100));
  throw new TollgateError({
    status: 403,
    code: 'model_not_allowed',
    param: 'model',
    message: `The model ${shown} is not among those that this credential and its plan allow.`,
  });
}

/** The model named in the body, where no parser has read the call. */
function statedModel(call: DeclaredCall): string | undefined {
  const { body } = call.outgoing;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  return typeof body.model === 'string' ? body.model : undefined;
}
