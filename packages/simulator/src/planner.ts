import { credentialOf } from './credential.js';
import { errorPlan, type Plan, type PlanInput, planAnswer } from './plan.js';
import type { ProviderSettings } from './provider-options.js';
import type { ReceivedRequest } from './received-request.js';
import type { Route } from './route.js';
import type { Script } from './script.js';
import type { Chunk } from './stream-event.js';
import { writesOf } from './writes.js';

const MAX_PRECOMPUTED = 1000;

/** A decided answer and the bytes it is sent as. */
export interface PlannedAnswer {
  plan: Plan;
  writes: readonly Chunk[];
}

/** Decides answers by the provider's settings; remembers them where `precompute` is on. */
export class Planner {
  private readonly known = new Map<string, PlannedAnswer>();

  constructor(private readonly settings: ProviderSettings) {}

  /** Clears the precomputed plans. */
  clear(): void {
    this.known.clear();
  }

  /** The response to a request. `constant`: the script is the same for every request. */
  plan(
    request: ReceivedRequest,
    route: Route,
    url: URL,
    script: Script,
    id: string,
    constant: boolean,
  ): PlannedAnswer {
    if (!this.settings.precompute || !constant) return this.make(request, route, url, script, id);
    const { headers } = request;
    const line = `${request.method} ${request.url} ${credentialOf(headers, url)} ${String(headers['anthropic-version'])}`;
    const key = `${line}\n${request.rawBody.toString('latin1')}`;
    const known = this.known.get(key);
    if (known) return known;
    const made = this.make(request, route, url, script, id);
    if (this.known.size < MAX_PRECOMPUTED) this.known.set(key, made);
    return made;
  }

  private make(request: ReceivedRequest, route: Route, url: URL, script: Script, id: string): PlannedAnswer {
    const { models, deployments, onlyListedModels } = this.settings;
    const input: PlanInput = {
      route,
      url,
      headers: request.headers,
      body: request.body,
      bodyBytes: request.rawBody.length,
      script,
      id,
      nowMs: request.receivedAtMs,
      models,
      deployments,
    };
    let plan = this.refusal(input, request.method) ?? planAnswer(input);
    if (onlyListedModels && plan.status === 200 && plan.model !== undefined && !models.includes(plan.model)) {
      const message = `The model \`${plan.model}\` does not exist or you do not have access to it.`;
      plan = errorPlan(input, 404, { message });
    }
    return { plan, writes: writesOf(plan.chunks, script) };
  }

  private refusal(input: PlanInput, method: string): Plan | undefined {
    const { apiKeys } = this.settings;
    if (apiKeys && !apiKeys.includes(credentialOf(input.headers, input.url) ?? ''))
      return errorPlan(input, 401);
    if (input.route.api === 'unknown' || method === input.route.method) return undefined;
    return errorPlan(input, 405, { message: `Not allowed to ${method} on ${input.url.pathname}` });
  }
}
