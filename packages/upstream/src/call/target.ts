import type { Provider } from '../provider/provider.js';

/** Where a call can go: a provider and a model. */
export interface Target {
  /** Absent: wherever the SDK that made the call has sent it. */
  readonly provider: Provider | undefined;
  /** Name of the provider, or its host. */
  readonly name: string;
  readonly model: string | undefined;
  /** The same for all calls to this model at this address: whose breaker, and whose latencies. */
  readonly id: string;
  /** Another model than the one that was asked for. */
  readonly substituted: boolean;
}

/** A way to go where the first does not work: another model of the same provider, or another provider. */
export type Fallback = string | { readonly provider: Provider; readonly model?: string };

/** Fallbacks by model, as patterns (`gpt-5*`); the first that fits, in their order. */
export type Fallbacks = Readonly<Record<string, readonly Fallback[]>>;

/** A target; `asked` is the model that the client named. */
export function targetAt(
  provider: Provider | undefined,
  name: string,
  base: string,
  model: string | undefined,
  asked: string | undefined,
): Target {
  return { provider, name, model, id: `${name} ${base} ${model ?? ''}`, substituted: model !== asked };
}
