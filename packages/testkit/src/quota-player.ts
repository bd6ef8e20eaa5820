import type {
  CounterState,
  QuotaAlternative,
  QuotaCharge,
  QuotaCounter,
  ReserveResult,
} from '@tollgate/core/internal';
import { type QuotaUnderTest, usageEvent } from './quota-fixture.js';
import type { QuotaAnswer, QuotaRequest } from './quota-request.js';
import { statesOf } from './quota-states.js';
import {
  type TraceCharge,
  type TraceCommand,
  traceCounters,
  traceId,
  traceReservations,
  traceTenantName,
  traceTenantOf,
  traceTenants,
} from './quota-trace.js';

/** The owner's record of a reservation. */
interface Memory {
  readonly partition: string;
  readonly grants: Map<string, { counter: QuotaCounter; window: string; left: number }>;
  leaseMs: number;
  expiresAtMs: number;
  /** When its owner ended it. */
  endedAtMs: number | undefined;
  readonly charged: Set<string>;
}

const countersByName = new Map(
  Array.from({ length: traceTenants }, (_, tenant) => traceCounters(tenant))
    .flat()
    .map((counter) => [counter.counter, counter]),
);

/** Turns commands into requests as their owner would make them, from the store's results alone. */
export class QuotaPlayer {
  readonly #underTest: QuotaUnderTest;
  readonly #memories = new Map<string, Memory>();
  readonly #sent: QuotaRequest[] = [];
  /** Answers learned from, so that one that is repeated is not learned twice. */
  readonly #answers = new Set<string>();
  readonly #honest: boolean;
  readonly #latestIds = new Map<number, number>();

  /** `honest`: charges only its holds, and only while its lease is alive; does not use an id again that has ended. */
  constructor(underTest: QuotaUnderTest, honest = false) {
    this.#underTest = underTest;
    this.#honest = honest;
  }

  /** The current request for a command; `undefined` for a wait, and where an honest owner has no request to make. */
  requestFor(given: TraceCommand): QuotaRequest | undefined {
    if (given.does === 'wait') return undefined;
    if (given.does === 'repeat') {
      const repeated = this.#sent[this.#sent.length - 1 - given.back];
      const isLate = repeated?.does === 'reserve' && this.#isOver(repeated.request.id);
      return this.#honest && (isLate || repeated?.does === 'charge') ? undefined : repeated;
    }
    const command = this.#honest ? this.#renamed(given) : given;
    const id = traceId(command.id);
    const partition = traceTenantName(traceTenantOf(command.id));
    switch (command.does) {
      case 'reserve': {
        const { attempt, leaseMs } = command;
        const attemptId = attempt === undefined ? undefined : traceId(command.id, attempt);
        const alternatives = this.#alternatives(command.id, attempt, command.alternatives);
        return { does: 'reserve', request: { id, partition, attemptId, alternatives, leaseMs } };
      }
      case 'extend': {
        const charges = chargesOf(command.id, command.charges);
        return { does: 'extend', request: { id, partition, charges } };
      }
      case 'cover': {
        const attemptId = traceId(command.id, command.attempt);
        const alternatives = this.#alternatives(command.id, command.attempt, command.alternatives);
        return { does: 'cover', request: { id, partition, attemptId, alternatives } };
      }
      case 'charge':
        return this.#charge(command, id, partition);
      case 'renew': {
        const attemptId = traceId(command.id, command.attempt);
        const items = this.#grantsOf(id).map(({ counter, window, left }) => ({
          counter: counter.counter,
          windowId: window,
          amount: Math.floor((left * command.amount) / 100),
        }));
        const event = usageEvent({ eventId: attemptId, costNanoUsd: String(command.amount) });
        return { does: 'renew', request: { id, partition, running: [{ attemptId, items, event }] } };
      }
      case 'close':
        return { does: 'close', request: { id, partition } };
      case 'adjust': {
        const charges = this.#grantsOf(id)
          .filter(({ counter }) => counter.window.kind === 'calendar')
          .map(({ counter, window }) => ({
            counter: counter.counter,
            window,
            amount: Math.trunc((counter.limit * command.amount) / 100),
          }));
        const adjustment = traceId(traceReservations + command.id, command.attempt);
        const recorded = () => Promise.resolve(true);
        return { does: 'adjust', request: { id: adjustment, partition, charges, recorded } };
      }
    }
  }

  /** Lets time pass for a wait command. */
  async wait(command: TraceCommand): Promise<void> {
    if (command.does !== 'wait') return;
    const { ms } = command;
    const length = ms === 'hour' ? 3_600_000 : 60_000;
    await this.#underTest.advance(typeof ms === 'number' ? ms : length - (this.#underTest.now() % length));
  }

  /** Remembers a request, which may be repeated. */
  sent(asked: QuotaRequest): void {
    this.#sent.push(asked);
  }

  /** Updates the owner's record from a result. */
  learn(asked: QuotaRequest, answer: QuotaAnswer): void {
    const nowMs = this.#underTest.now();
    const { id, partition } = asked.request;
    const memory = this.#memories.get(id) ?? {
      partition,
      grants: new Map(),
      leaseMs: 60_000,
      expiresAtMs: 0,
      endedAtMs: undefined,
      charged: new Set<string>(),
    };
    this.#memories.set(id, memory);
    if (asked.does === 'renew' && answer === true) memory.expiresAtMs = nowMs + memory.leaseMs;
    if (asked.does === 'charge' && !memory.charged.has(asked.request.attemptId)) {
      memory.charged.add(asked.request.attemptId);
      for (const item of asked.request.items) {
        const grant = memory.grants.get(`${item.counter} ${item.windowId}`);
        if (grant) grant.left -= Math.min(grant.left, item.release);
      }
    }
    const closes = asked.does === 'close' || (asked.does === 'charge' && asked.request.close);
    if (closes && nowMs < memory.expiresAtMs) memory.endedAtMs ??= nowMs;
    if (typeof answer !== 'object' || !('ok' in answer)) return;
    if (!answer.ok && asked.does === 'extend' && nowMs < memory.expiresAtMs) memory.endedAtMs ??= nowMs;
    if (!answer.ok || asked.does === 'charge' || asked.does === 'renew') return;
    if (asked.does === 'close' || asked.does === 'adjust') return;
    this.#remember(memory, asked, answer);
  }

  /** A reservation of that id was admitted, has ended or expired, and a store must still remember it. */
  hasEnded(id: string): boolean {
    const memory = this.#memories.get(id);
    if (!memory || memory.expiresAtMs === 0) return false;
    const endedAtMs = memory.endedAtMs ?? memory.expiresAtMs;
    const nowMs = this.#underTest.now();
    return nowMs >= endedAtMs && nowMs < endedAtMs + 2 * memory.leaseMs;
  }

  /** The amount that live reservations hold of a counter in a window, as far as their owners know. */
  reserved(counter: string, window: string): number {
    let sum = 0;
    for (const { grants, expiresAtMs, endedAtMs } of this.#memories.values()) {
      if (endedAtMs !== undefined || this.#underTest.now() >= expiresAtMs) continue;
      sum += grants.get(`${counter} ${window}`)?.left ?? 0;
    }
    return sum;
  }

  /** Ends every reservation that was ever made. */
  async closeAll(): Promise<void> {
    for (const [id, { partition }] of this.#memories) await this.#underTest.store.close({ id, partition });
  }

  /** The state of every counter of every tenant. */
  states(): Promise<CounterState[]> {
    return statesOf(this.#underTest.store);
  }

  #remember(
    memory: Memory,
    asked: Extract<QuotaRequest, { does: 'reserve' | 'extend' | 'cover' }>,
    answer: Extract<ReserveResult, { ok: true }>,
  ): void {
    const { grants } = answer;
    const charges =
      asked.does === 'extend'
        ? asked.request.charges
        : (asked.request.alternatives[answer.alternative]?.charges ?? []);
    const attempt = asked.does === 'cover' ? asked.request.attemptId : '';
    // A second extension is another question; the same id or attempt again is a repetition whatever it asks.
    const question = asked.does === 'extend' ? charges.map(({ counter, want }) => `${counter} ${want}`) : [];
    const name = [asked.does, asked.request.id, attempt, answer.nowMs, ...question].join();
    if (this.#answers.has(name)) return;
    this.#answers.add(name);
    if (asked.does === 'reserve') {
      memory.grants.clear();
      memory.charged.clear();
      memory.endedAtMs = undefined;
      memory.leaseMs = asked.request.leaseMs;
    }
    memory.expiresAtMs = answer.expiresAtMs;
    for (const { counter: name, window, granted } of grants) {
      // The answer may be to an earlier request of that id, which asked for others.
      const counter = countersByName.get(name);
      if (!counter || counter.window.kind === 'live') continue;
      const key = `${name} ${window}`;
      const known = memory.grants.get(key);
      if (known) known.left += granted;
      else memory.grants.set(key, { counter, window, left: granted });
    }
  }

  #isOver(id: string): boolean {
    const { expiresAtMs = 0, endedAtMs = expiresAtMs } = this.#memories.get(id) ?? {};
    return expiresAtMs > 0 && this.#underTest.now() >= endedAtMs;
  }

  /** Under another id, where the last reservation has ended: a store that has lost its data may not remember that. */
  #renamed<Command extends { does: string; id: number }>(command: Command): Command {
    let id = this.#latestIds.get(command.id) ?? command.id;
    if (command.does === 'reserve' && this.#isOver(traceId(id))) id += traceReservations;
    this.#latestIds.set(command.id, id);
    return { ...command, id };
  }

  #grantsOf(id: string): { counter: QuotaCounter; window: string; left: number }[] {
    return [...(this.#memories.get(id)?.grants.values() ?? [])];
  }

  #charge(
    command: Extract<TraceCommand, { does: 'charge' }>,
    id: string,
    partition: string,
  ): QuotaRequest | undefined {
    const attemptId = traceId(command.id, command.attempt);
    if (this.#honest) {
      const memory = this.#memories.get(id);
      if (!memory || memory.endedAtMs !== undefined || memory.charged.has(attemptId)) return undefined;
      if (this.#underTest.now() >= memory.expiresAtMs) return undefined;
    }
    const items = this.#grantsOf(id).map(({ counter, window, left }) => ({
      ...counter,
      windowId: window,
      amount: Math.floor((left * command.amount) / 100),
      release: Math.floor((left * command.release) / 100),
    }));
    const charges = items.flatMap(({ counter, windowId, amount }) =>
      amount === 0 ? [] : [{ counter, window: windowId, amount }],
    );
    const event = usageEvent({ eventId: attemptId, costNanoUsd: String(command.amount * 7), charges });
    return {
      does: 'charge',
      request: { id, partition, attemptId, items, event, close: command.close },
    };
  }

  #alternatives(
    id: number,
    attempt: number | undefined,
    alternatives: readonly (readonly TraceCharge[])[],
  ): QuotaAlternative[] {
    return alternatives.map((charges, index) => ({
      charges: chargesOf(id, charges),
      event:
        attempt === undefined
          ? undefined
          : usageEvent({ eventId: traceId(id, attempt), costNanoUsd: String(index) }),
    }));
  }
}

function chargesOf(id: number, charges: readonly TraceCharge[]): QuotaCharge[] {
  const counters = traceCounters(traceTenantOf(id));
  return charges.flatMap(({ counter, want, min, onlyBelow, floor }) => {
    const target = counters[counter];
    if (!target) return [];
    const units = target.window.kind === 'live' ? 1 : Math.floor((target.limit * want) / 100);
    const share = (percent: number): number => Math.floor((units * percent) / 100);
    return {
      ...target,
      want: units,
      min: min === undefined ? undefined : share(min),
      onlyBelow,
      floor: share(floor),
    };
  });
}
