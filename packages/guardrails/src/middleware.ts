import {
  contextOf,
  guarded,
  isTollgateError,
  refuse,
  refuseOrShadow,
  type TollgateContext,
} from '@tollgate/core';
import { type CallStep, type DeclaredCall, publish, runInContext, warnOnce } from '@tollgate/core/internal';
import type { RequestHandler } from 'express';
import { AnswerGuard } from './answer/answer-guard.js';
import { inspectBody, type Report } from './inspect/inspection.js';
import type { Rule, RuleAction } from './inspect/rule.js';
import { moderated, refusalOf } from './moderator.js';
import { type GuardrailsOptions, readOptions, type Settings } from './options.js';
import { checkedBody } from './schema.js';

/** The result of `guardrails()`: the middleware, and inspection of calls without an HTTP request. */
export interface GuardrailsMiddleware extends RequestHandler {
  /** Inspects the calls of a context of `runWith()`: `runWith(caller, run, { steps: (context) => guard.attach(context) })`. */
  attach(context: TollgateContext): void;
}

/**
 * Inspects prompts before they are priced and sent, and responses before they reach the client. Reads the parsed body and the caller's
 * scopes; redacts in the body, and in the bodies of calls that handlers make. Refuses with 400 `prompt_rejected`, 403 `insufficient_scope`,
 * 413 `request_too_large`, 422 `invalid_value`; a response ends as the provider's own content filter would end it.
 */
export function guardrails(options?: GuardrailsOptions): GuardrailsMiddleware {
  const settings = readOptions(options);
  const install = (guard: RequestGuard, { calls }: TollgateContext): void => {
    for (const step of guard.steps()) calls.use(step);
  };
  const middleware = guarded('guardrailsMiddleware', async (req, res, next) => {
    if (options?.mode === 'off') return next();
    const context = contextOf(req, res);
    if (context.calls.has('guardrails')) {
      warnOnce(
        'TOLLGATE_W_MOUNTED_TWICE',
        'guardrails() ran twice for one request; the second has no effect',
      );
      return next();
    }
    const late = context.calls.has('meter');
    if (late) {
      warnOnce(
        'TOLLGATE_W_ORDER',
        'guardrails() ran after meter(), which has serialised the body already: what would be redacted is refused; mount it before meter()',
      );
    }
    const guard = new RequestGuard(late ? withoutRedaction(settings) : settings, context);
    try {
      if (req.body !== undefined) req.body = await guard.admit(req.body);
    } catch (error) {
      if (!isTollgateError(error)) throw error;
      refuse(req, res, next, error, options);
      return;
    }
    install(guard, context);
    runInContext(context, next);
  });
  return Object.assign(middleware, {
    attach: (context: TollgateContext): void => {
      if (options?.mode !== 'off') install(new RequestGuard(settings, context), context);
    },
  });
}

/** Blocks findings that can no longer be redacted. */
function withoutRedaction(settings: Settings): Settings {
  const rules = settings.input.rules.map((rule) => (rule.action === 'redact' ? acting(rule, 'block') : rule));
  return { ...settings, input: { ...settings.input, rules } };
}

function acting(rule: Rule, action: RuleAction): Rule {
  return { ...rule, action, find: rule.find.bind(rule) };
}

/** Inspects the bodies and responses of one request. */
class RequestGuard {
  /** Bodies already inspected: the request's body is also that of its declared call. */
  readonly #seen = new WeakSet<object>();
  readonly #answers = new WeakMap<DeclaredCall, AnswerGuard>();

  constructor(
    private readonly settings: Settings,
    private readonly context: TollgateContext,
  ) {}

  /** Inspects the request's body; resolves with the value parsed by its schema, redacted. */
  async admit(given: unknown): Promise<unknown> {
    const { schema } = this.settings;
    const body = schema ? await this.#orShadow(checkedBody(schema, given), given) : given;
    await this.#inspect(body);
    await this.#moderate(body);
    if (typeof body === 'object' && body !== null) this.#seen.add(body);
    return body;
  }

  get #isShadow(): boolean {
    return this.settings.mode === 'shadow';
  }

  /** The steps that inspect handlers' calls and their responses. */
  steps(): CallStep[] {
    const moderate = this.settings.moderators.length > 0;
    const inspect: CallStep = {
      name: 'guardrails',
      stage: 'inspect',
      ...(moderate && {
        begin: ({ outgoing }: DeclaredCall) =>
          this.#isNew(outgoing.body) ? this.#moderate(outgoing.body) : undefined,
      }),
      ...(this.settings.output.length > 0 && this.#answering()),
    };
    const rewrite: CallStep = {
      name: 'guardrails',
      stage: 'rewrite',
      begin: ({ outgoing }) => (this.#isNew(outgoing.body) ? this.#inspect(outgoing.body) : undefined),
    };
    return [rewrite, inspect];
  }

  #answering(): Pick<CallStep, 'response' | 'chunk'> {
    return {
      response: (call, status, headers) => this.#answerOf(call).begin(status, headers['content-type']),
      chunk: (call, chunk, last) =>
        last ? this.#answerOf(call).end(chunk) : this.#answerOf(call).push(chunk),
    };
  }

  #answerOf(call: DeclaredCall): AnswerGuard {
    let answer = this.#answers.get(call);
    if (!answer) {
      const rules = this.#isShadow
        ? this.settings.output.map((rule) => ({
            ...rule,
            action: 'flag' as const,
            find: rule.find.bind(rule),
          }))
        : this.settings.output;
      answer = new AnswerGuard(call, rules, (report) => this.#report(report));
      this.#answers.set(call, answer);
    }
    return answer;
  }

  #isNew(body: unknown): body is object {
    return typeof body === 'object' && body !== null && !this.#seen.has(body);
  }

  async #inspect(body: unknown): Promise<void> {
    const { input } = this.settings;
    const { reports, refusal } = await inspectBody(
      body,
      input,
      this.context.caller?.scopes ?? [],
      this.#isShadow,
    );
    for (const report of reports) this.#report(report);
    if (refusal) refuseOrShadow(this.context, refusal, this.settings.mode);
  }

  async #moderate(body: unknown): Promise<void> {
    const { moderators } = this.settings;
    const reports = await this.#orShadow(moderated(moderators, body, this.context.caller), []);
    for (const report of reports) this.#report(report);
    const refusal = refusalOf(reports);
    if (refusal) refuseOrShadow(this.context, refusal, this.settings.mode);
  }

  async #orShadow<Result>(checking: Promise<Result>, otherwise: Result): Promise<Result> {
    try {
      return await checking;
    } catch (error) {
      if (!isTollgateError(error)) throw error;
      refuseOrShadow(this.context, error, this.settings.mode);
      return otherwise;
    }
  }

  #report(report: Report): void {
    const { requestId, caller } = this.context;
    publish('tollgate:guardrail', () => ({
      ...report,
      requestId,
      tenant: caller?.tenant,
      keyId: caller?.keyId,
    }));
    try {
      this.settings.onReport?.(report, this.context);
    } catch (error) {
      publish('tollgate:fault', () => ({ where: 'guardrails.onReport', error: String(error) }));
    }
  }
}
