import { accepts, checkOptions } from '../lib/options.js';
import { ProviderAllowance } from './provider-allowance.js';
import type {
  OpenBreaker,
  ProviderAmounts,
  ProviderStore,
  TakeAnswer,
  Taken,
  WaitingCall,
} from './provider-store.js';

/** Options of {@link memoryProviders}. */
export interface MemoryProvidersOptions {
  /** Milliseconds that only rise. @defaultValue performance.now */
  nowMs?: () => number;
}

/** {@link memoryProviders}, whose answers are known at once. */
export interface MemoryProviders extends ProviderStore {
  take(allowance: string, calls: readonly WaitingCall[]): TakeAnswer;
  /** Time until a call of this size fits, if no other call waits, in ms. */
  waitMs(allowance: string, size: ProviderAmounts): number;
  /** Takes so much, whether it is there or not. */
  takeAnyway(allowance: string, size: ProviderAmounts): Taken;
  tryBreaker(id: string, forMs: number): boolean;
  openBreakers(): readonly OpenBreaker[];
}

/** Clients choose the names of models, so the number of remembered ones is bounded. */
const mostKept = 1_000;
/** Time after which an open breaker that is due for a trial and gets none is forgotten, in ms. */
const forgottenMs = 600_000;

/** State of providers, within one process. Throws a `TypeError` for a wrong option. */
export function memoryProviders(options: MemoryProvidersOptions = {}): MemoryProviders {
  checkOptions<MemoryProvidersOptions>('memoryProviders', options, { nowMs: accepts.function });
  const { nowMs = () => performance.now() } = options;
  const allowances = new Map<string, ProviderAllowance>();
  const breakers = new Map<string, { openUntilMs: number; triedUntilMs: number }>();
  const allowanceOf = (id: string): ProviderAllowance => {
    const known = allowances.get(id) ?? new ProviderAllowance();
    keepLatest(allowances, id, known);
    return known;
  };
  return {
    take: (allowance, calls) => allowanceOf(allowance).take(calls, nowMs()),
    state: (allowance, statement) => allowanceOf(allowance).state(statement, nowMs()),
    giveBack: (allowance, taken) => allowances.get(allowance)?.giveBack(taken),
    waitMs: (allowance, size) => allowances.get(allowance)?.waitMs(size, nowMs()) ?? 0,
    takeAnyway: (allowance, size) => allowanceOf(allowance).taken(size, nowMs()),
    openBreaker(id, forMs) {
      keepLatest(breakers, id, { openUntilMs: nowMs() + forMs, triedUntilMs: 0 });
    },
    closeBreaker(id) {
      breakers.delete(id);
    },
    tryBreaker(id, forMs) {
      const breaker = breakers.get(id);
      if (!breaker) return true;
      if (Math.max(breaker.openUntilMs, breaker.triedUntilMs) > nowMs()) return false;
      breaker.triedUntilMs = nowMs() + forMs;
      return true;
    },
    openBreakers() {
      const open: OpenBreaker[] = [];
      for (const [id, { openUntilMs, triedUntilMs }] of breakers) {
        if (openUntilMs + forgottenMs < nowMs()) breakers.delete(id);
        else open.push({ id, waitMs: Math.max(0, Math.max(openUntilMs, triedUntilMs) - nowMs()) });
      }
      return open;
    },
  };
}

/** Puts it last; where there are too many, the one that was put first gives way. */
function keepLatest<Value>(map: Map<string, Value>, id: string, value: Value): void {
  map.delete(id);
  const [oldest] = map.keys();
  if (map.size >= mostKept && oldest !== undefined) map.delete(oldest);
  map.set(id, value);
}
