import {
  isPromise,
  type MemoryProviders,
  memoryProviders,
  type ProviderAmounts,
  type ProviderStore,
  type Statement,
  type TakeAnswer,
  type WaitingCall,
  whenReady,
} from '@tollgate/core/internal';
import { RecentMap } from '../lib/recent-map.js';
import { SizeGuess } from './size-guess.js';
import {
  PacedCall,
  type PacerAnswer,
  type PacerGrant,
  type PacerRequest,
  WaitingLine,
} from './waiting-line.js';

/** Clients choose the names of models, so the number of remembered ones is bounded. */
const mostAllowances = 1_000;

/** How long a call waits for its turn at a provider. */
export interface PacingOptions {
  /**
   * Where nothing else can answer it, in milliseconds; then it is refused with 429. 0: not at all. At most 600 000. @defaultValue 10_000
   */
  maxWaitMs?: number;
  /** Where another provider or model can, as a fallback or by the router's choice, in milliseconds. @defaultValue 1_000 */
  fallbackAfterMs?: number;
}

/** A call that needs a turn: its amounts of an allowance, that of one key for one model at one provider. */
export interface PacedAsk extends PacerRequest {
  readonly tenant: string;
}

/** Waits this many ms, or until it is woken; `false`: the call is no longer wanted. */
export type Wait = (ms: number, sleeping?: (wake: () => void) => void) => Promise<boolean>;

/** The outcome of a call's wait for its turn. */
export type Waited = PacerGrant | 'late' | 'gone';

/**
 * Delays calls for which a provider's rate limits have no room, so that the provider need not refuse them; tenants take turns. The
 * remaining amounts are kept in this process, from statements in responses and from calls sent since, or in a store that processes share;
 * while that is away, in this process.
 */
export class Pacing {
  readonly #own: MemoryProviders;
  readonly #lines = new Map<string, WaitingLine>();
  readonly #guesses = new RecentMap(mostAllowances, () => new SizeGuess());

  constructor(
    private readonly shared: ProviderStore | undefined,
    nowMs: () => number,
  ) {
    this.#own = memoryProviders({ nowMs });
  }

  /** Time until there is room, if no other call waits, in ms, as far as this process knows. */
  waitMs(allowance: string, size: ProviderAmounts): number {
    return this.#own.waitMs(allowance, this.#sized(allowance, size));
  }

  /** Gives a call its turn, at once or within `patienceMs`. */
  turn(call: PacedAsk, patienceMs: number, wait: Wait): Waited | Promise<Waited> {
    const ask = { ...call, size: this.#sized(call.allowance, call.size) };
    const line = this.#lines.get(ask.allowance);
    if (line) return this.#wait(line, ask, patienceMs, wait);
    return whenReady(this.#take(ask.allowance, [ask]), ({ taken: [turn] }) => {
      return turn ?? this.#wait(this.#lineOf(ask.allowance), ask, patienceMs, wait);
    });
  }

  /** Takes without asking: a second attempt beside one that runs. */
  takeAnyway(ask: PacedAsk): PacerGrant {
    return { ask, own: this.#own.takeAnyway(ask.allowance, ask.size), shared: undefined };
  }

  /** An answer has begun. `restMs`: it is a 429. */
  stated(allowance: string, { limits, restMs }: Statement, turn: PacerGrant | undefined): void {
    const guess = this.#guesses.peek(allowance);
    if (restMs === undefined) guess?.fitted();
    else if (turn) this.#guesses.get(allowance).refused(turn.ask.size, { limits });
    if (limits.length === 0 && restMs === undefined) return;
    this.#own.state(allowance, { limits, restMs, taken: turn?.own });
    this.#tell(this.shared?.state(allowance, { limits, restMs, taken: turn?.shared }));
    this.#lines.get(allowance)?.ask();
  }

  /** The call of a turn was not sent. */
  giveBack({ ask: { allowance }, own, shared }: PacerGrant): void {
    this.#own.giveBack(allowance, own);
    if (shared) this.#tell(this.shared?.giveBack(allowance, shared));
    this.#lines.get(allowance)?.ask();
  }

  async #wait(line: WaitingLine, ask: PacedAsk, patienceMs: number, wait: Wait): Promise<Waited> {
    const call = new PacedCall(ask.tenant, ask.size);
    const waiting = wait(patienceMs, (wake) => {
      call.wake = wake;
    });
    line.add(call);
    const goesOn = await waiting;
    if (call.turn && goesOn) return call.turn;
    line.remove(call);
    if (call.turn) this.giveBack(call.turn);
    return goesOn ? 'late' : 'gone';
  }

  #sized(allowance: string, size: ProviderAmounts): ProviderAmounts {
    return this.#guesses.peek(allowance)?.of(size) ?? size;
  }

  #lineOf(allowance: string): WaitingLine {
    let line = this.#lines.get(allowance);
    if (!line) {
      line = new WaitingLine(
        (calls) => this.#take(allowance, calls),
        (turn) => this.giveBack(turn),
        () => void this.#lines.delete(allowance),
      );
      this.#lines.set(allowance, line);
    }
    return line;
  }

  #take(allowance: string, calls: readonly WaitingCall[]): PacerAnswer | Promise<PacerAnswer> {
    const ownTurns = (): PacerAnswer => this.#turnsOf(allowance, calls, this.#own.take(allowance, calls));
    if (!this.shared) return ownTurns();
    try {
      const answer = this.shared.take(allowance, calls);
      const both = (told: TakeAnswer): PacerAnswer => this.#inBoth(allowance, calls, told);
      return isPromise(answer) ? answer.then(both, ownTurns) : both(answer);
    } catch {
      return ownTurns();
    }
  }

  #inBoth(allowance: string, calls: readonly WaitingCall[], { taken, waitMs }: TakeAnswer): PacerAnswer {
    const turns = taken.map((shared, position) => {
      const { size = {} } = calls[position] ?? {};
      return shared && { ask: { allowance, size }, own: this.#own.takeAnyway(allowance, size), shared };
    });
    return { taken: turns, waitMs };
  }

  #turnsOf(allowance: string, calls: readonly WaitingCall[], { taken, waitMs }: TakeAnswer): PacerAnswer {
    const turns = taken.map((own, position) => {
      const { size = {} } = calls[position] ?? {};
      return own && { ask: { allowance, size }, own, shared: undefined };
    });
    return { taken: turns, waitMs };
  }

  /** Ignores failures of a store, which publishes them itself. */
  #tell(telling: void | Promise<void>): void {
    if (telling) telling.catch(() => undefined);
  }
}
