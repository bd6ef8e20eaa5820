import { contextOf, guarded, isTollgateError, refuse, TollgateError, type Usage } from '@tollgate/core';
import {
  type CallStep,
  type CallVariant,
  type Estimate,
  noUsage,
  type ParsedCall,
  runInContext,
  type SettledCall,
  type Settlement,
  type Writing,
} from '@tollgate/core/internal';
import type { RequestHandler } from 'express';

/** Nano-dollars per token: input, output. */
export const prices: Readonly<Record<string, readonly [number, number]>> = {
  large: [1_000, 5_000],
  small: [100, 500],
  free: [0, 0],
};

/** The bodies that this meter reads: so many input tokens, and perhaps an output cap. */
export interface StubBody {
  model: string;
  input: number;
  max_tokens?: number;
  n?: number;
}

/** A parsed call over {@link StubBody}, priced by {@link prices}. */
class StubCall implements ParsedCall {
  readonly api = 'openai-chat';
  readonly provider = 'openai';
  readonly stream = false;
  readonly visible = false;
  readonly withUsage = false;
  readonly capField = 'max_tokens';
  readonly url = 'http://provider.test/v1/chat/completions';
  readonly requestedModel: string;
  readonly #capStated: boolean;
  model: string;
  estimate: Estimate;

  constructor(readonly body: StubBody) {
    this.requestedModel = body.model;
    this.model = body.model;
    this.#capStated = body.max_tokens !== undefined;
    this.estimate = this.estimateOf({});
  }

  get priced(): boolean {
    return this.model !== 'free';
  }

  estimateOf({
    model = this.model,
    maxOutputTokens = this.body.max_tokens ?? 100_000,
  }: CallVariant): Estimate {
    const price = prices[model];
    if (!price) throw new TollgateError({ status: 400, code: 'model_not_priced', message: 'no price' });
    const answers = this.body.n ?? 1;
    const inputNanoUsd = this.body.input * price[0];
    const outputNanoUsd = maxOutputTokens * answers * price[1];
    return {
      model,
      inputTokens: this.body.input,
      outputTokens: maxOutputTokens * answers,
      inputNanoUsd,
      outputNanoUsd,
      costNanoUsd: inputNanoUsd + outputNanoUsd,
      priceVersion: 'stub',
      answers,
      maxOutputTokens,
      capStated: this.#capStated,
    };
  }

  apply({ model, maxOutputTokens }: CallVariant): void {
    this.model = model ?? this.model;
    this.body.model = this.model;
    if (maxOutputTokens !== undefined) this.body.max_tokens = maxOutputTokens;
    this.estimate = this.estimateOf({});
  }

  serialise(): string {
    return JSON.stringify(this.body);
  }
}

/** So many tokens, as a provider reports them. */
export function used(inputTokens: number, outputTokens: number): Usage {
  return { ...noUsage, inputTokens, outputTokens };
}

/** What usage costs with a model. */
export function costOf(model: string, usage: Usage): number {
  const [input, output] = prices[model] ?? [0, 0];
  return usage.inputTokens * input + usage.outputTokens * output;
}

function settlementOf(call: SettledCall): Settlement {
  const usage = call.usage ?? noUsage;
  return {
    usage,
    costNanoUsd: costOf(call.parsed?.model ?? '', usage),
    priceVersion: 'stub',
    uncertain: false,
  };
}

/** Parses what looks like a {@link StubBody}, and settles by the usage that the transport hands in. */
export const stubSteps: readonly CallStep[] = [
  {
    name: 'meter',
    stage: 'parse',
    begin(call: Writing<SettledCall>) {
      const { body } = call.outgoing;
      const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
      if (!isObject || typeof body.model !== 'string' || typeof body.input !== 'number') return;
      const { model, input, max_tokens, n } = body;
      call.parsed = new StubCall({
        model,
        input,
        ...(typeof max_tokens === 'number' ? { max_tokens } : {}),
        ...(typeof n === 'number' ? { n } : {}),
      });
    },
    progress(call: Writing<SettledCall>) {
      call.running = settlementOf(call);
    },
    end(call: Writing<SettledCall>) {
      if (call.replays) return;
      call.settlement ??= settlementOf(call);
    },
  },
];

/** Stands where `meter()` stands: declares the body's call. */
export function stubMeter(): RequestHandler {
  return guarded('stubMeterMiddleware', async (req, res, next) => {
    const context = contextOf(req, res);
    for (const step of stubSteps) context.calls.use(step);
    if (req.body !== undefined) {
      const outgoing = { method: req.method, url: req.path, headers: {}, body: req.body };
      try {
        await context.calls.declare(outgoing);
      } catch (error) {
        if (isTollgateError(error)) return refuse(req, res, next, error);
        throw error;
      }
    }
    runInContext(context, next);
  });
}
