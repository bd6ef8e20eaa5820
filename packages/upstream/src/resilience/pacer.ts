import { isPromise, type ProviderAmounts, publish, whenReady } from '@tollgate/core/internal';
import type { Target } from '../call/target.js';
import { statedWaitMs } from '../exchange/retry-after.js';
import { type PacedAsk, Pacing, type Wait, type Waited } from '../pace/pacing.js';
import { type HeaderOf, statedLimits } from '../pace/stated-limits.js';
import type { ProviderKey } from '../provider/key-ring.js';
import type { Breaker } from './breaker.js';
import type { ResilienceSettings } from './resilience-options.js';
import { type OwnBreakers, SharedBreakers } from './shared-breakers.js';
import type { CallWeight, Going, Step } from './step.js';

/** How long nothing is sent after a 429 without a stated wait, in ms. */
const usualRestMs = 1_000;
/** How long a breaker stays closed to this process while another one tries it, in ms. */
const othersTryMs = 500;

/** When attempts may be made: paced by the provider's rate limits, and by breakers that processes share. */
export class Pacer {
  readonly #settings: ResilienceSettings;
  readonly #breakers: OwnBreakers;
  readonly #pacing: Pacing | undefined;
  readonly #shared: SharedBreakers | undefined;

  constructor(settings: ResilienceSettings, breakers: OwnBreakers) {
    const { pacing, shared, nowMs, breaker } = settings;
    this.#settings = settings;
    this.#breakers = breakers;
    this.#pacing = pacing && new Pacing(shared, nowMs);
    this.#shared = shared && breaker && new SharedBreakers(shared, breakers);
  }

  /** The key that an attempt is made with. */
  keyOf({ provider, id }: Target, size: ProviderAmounts | undefined): ProviderKey | undefined {
    const pacing = this.#pacing;
    const waitMs =
      pacing && size && ((key: ProviderKey): number => pacing.waitMs(allowanceOf(id, key), size));
    return provider?.keys.take(Date.now(), waitMs);
  }

  /** Time until a target has room for a call with one of its keys, as far as this process knows, in ms. */
  waitMs({ provider, id }: Target, size: ProviderAmounts): number {
    const pacing = this.#pacing;
    if (!pacing) return 0;
    const [first, ...others] = provider?.keys.keys ?? [];
    let leastMs = pacing.waitMs(allowanceOf(id, first), size);
    for (const key of others) leastMs = Math.min(leastMs, pacing.waitMs(allowanceOf(id, key), size));
    return leastMs;
  }

  /** Waits for an attempt's turn. */
  turn(step: Step, weight: CallWeight | undefined, patienceMs: number, wait: Wait): Going | Promise<Going> {
    if (!this.#pacing && !this.#shared) return 'go';
    const fresh = this.#shared?.fresh();
    const paced = (): Going | Promise<Going> =>
      whenReady(this.#paced(step, weight, patienceMs, wait), (going) =>
        going === 'go' ? this.#tried(step) : going,
      );
    return fresh ? fresh.then(paced) : paced();
  }

  /** The head of a response has arrived. */
  stated(step: Step, status: number, headerOf: HeaderOf): void {
    if (!this.#pacing) return;
    const nowMs = Date.now();
    const restMs =
      status === 429
        ? (statedWaitMs((name) => headerOf(name) ?? undefined, nowMs) ?? usualRestMs)
        : undefined;
    const limits = statedLimits(headerOf, nowMs);
    this.#pacing.stated(allowanceOf(step.target.id, step.key), { limits, restMs }, step.turn);
  }

  /** An attempt is made beside one that runs, without waiting for a turn. */
  takeAnyway(step: Step, weight: CallWeight | undefined): void {
    if (this.#pacing && weight) step.turn = this.#pacing.takeAnyway(askOf(step, weight));
  }

  /** An attempt that had its turn was not sent. */
  giveBack(step: Step): void {
    if (!step.turn) return;
    this.#pacing?.giveBack(step.turn);
    step.turn = undefined;
  }

  breakerChanged(id: string, open: boolean, openMs: number): void {
    this.#shared?.changed(id, open, openMs);
  }

  #paced(step: Step, weight: CallWeight | undefined, patienceMs: number, wait: Wait): Going | Promise<Going> {
    if (!this.#pacing || !weight) return 'go';
    const { nowMs } = this.#settings;
    const sinceMs = nowMs();
    const waited = this.#pacing.turn(askOf(step, weight), patienceMs, wait);
    if (!isPromise(waited)) return this.#after(step, waited);
    return waited.then((outcome) => {
      publish('tollgate:upstream', () => ({
        target: step.target.id,
        tenant: weight.tenant,
        paced: typeof outcome === 'string' ? outcome : 'turn',
        waitedMs: Math.round(nowMs() - sinceMs),
      }));
      return this.#after(step, outcome);
    });
  }

  #after(step: Step, waited: Waited): Going {
    if (typeof waited === 'string') return waited;
    step.turn = waited;
    return 'go';
  }

  /** An open breaker is tried by one process. */
  #tried({ target: { id } }: Step): Going | Promise<Going> {
    const breaker: Breaker | undefined = this.#shared && this.#breakers.of(id);
    if (!this.#shared || !breaker?.isOpen) return 'go';
    if (!breaker.isTried) return 'open';
    const openMs = this.#settings.breaker?.openMs ?? 0;
    return whenReady(this.#shared.mayTry(id, openMs), (may) => {
      if (may) return 'go';
      breaker.open(othersTryMs);
      return 'open';
    });
  }
}

/** The same in every process: the provider, the model and the key. */
const allowanceOf = (id: string, key: ProviderKey | undefined): string => `${id} ${key?.id ?? ''}`;

const askOf = ({ target, key }: Step, { tenant, size }: CallWeight): PacedAsk => ({
  allowance: allowanceOf(target.id, key),
  tenant,
  size,
});
