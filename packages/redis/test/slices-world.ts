import {
  type ChargeItem,
  newId,
  type QuotaCharge,
  type QuotaCounter,
  QuotaEngine,
  type ReserveRequest,
} from '@tollgate/core/internal';
import { usageEvent } from '@tollgate/testkit/contracts';
import type { SliceHome } from '../src/slices/slice-home.js';
import { SliceStore } from '../src/slices/slice-store.js';
import type { SliceClock } from '../src/slices/store-clock.js';
import type { QuietCharge } from '../src/wire/quiet-requests.js';

/** A moment that tests move. */
export interface Moment {
  ms: number;
}

/** A store in memory in which processes lease slices. Answers come a turn later, as from a server. */
export function homeInMemory(moment: Moment): SliceHome {
  const engine = new QuotaEngine([]);
  const marks = new Map<string, number>();
  const later = async <Answer>(answer: () => Answer): Promise<Answer> => {
    await null;
    const told = answer();
    await null;
    return told;
  };
  return {
    reserve: (request: ReserveRequest) => later(() => engine.reserve(request, moment.ms)),
    renew: ({ id, partition, running }) =>
      later(() =>
        engine.renew(
          { id, partition, running: running.map((cost) => ({ ...cost, event: usageEvent() })) },
          moment.ms,
        ),
      ),
    charge: (request: QuietCharge) =>
      later(() => engine.charge({ ...request, event: usageEvent() }, moment.ms)),
    read: (_partition, counters) => later(() => engine.read(counters, moment.ms)),
    draw: ({ id, partition, attemptId, nextAttemptId, item, left }) =>
      later(() => {
        const running = [
          { attemptId: nextAttemptId, items: [{ ...item, amount: left }], event: usageEvent() },
        ];
        if (!engine.renew({ id, partition, running }, moment.ms)) return false;
        engine.charge(
          { id, partition, attemptId, items: [item], event: usageEvent(), close: false },
          moment.ms,
        );
        return true;
      }),
    sliceId: () => newId(),
    append: () => later(() => undefined),
    recalls: {
      ask: (_partition, counter) => later(() => void marks.set(counter, moment.ms + 400)),
      asked: (all) => later(() => all.filter(({ counter }) => (marks.get(counter.counter) ?? 0) > moment.ms)),
    },
  };
}

/** Processes that draw slices from one store, at a common time that stands still unless it is moved. */
export class Processes {
  readonly running: SliceStore[] = [];

  constructor(
    readonly home: SliceHome,
    readonly moment: Moment,
    count: number,
  ) {
    for (let at = 0; at < count; at += 1) this.running.push(this.#started());
  }

  process(at: number): SliceStore {
    return this.running[at % this.running.length] as SliceStore;
  }

  /** What it held in memory is lost; another takes its place. */
  kill(at: number): void {
    this.running[at % this.running.length] = this.#started();
  }

  async beat(): Promise<void> {
    await Promise.all(this.running.map((store) => store.flusher.beat()));
  }

  #started(): SliceStore {
    const { moment } = this;
    const clock: SliceClock = {
      storeMs: () => moment.ms,
      ownMs: () => moment.ms,
      heard: () => undefined,
      // Whoever is asked for something looks before the pause is over.
      pause: () => this.beat(),
      every: () => () => undefined,
    };
    return new SliceStore({ store: this.home, clock, leaseMs: 15_000, secondsAhead: 1, events: false });
  }
}

/** A request that was admitted, and what is known of it. */
export class Admitted {
  constructor(
    readonly process: SliceStore,
    readonly id: string,
    readonly counter: QuotaCounter,
    readonly windowId: string,
    readonly amount: number,
  ) {}

  charge(amount: number): void {
    const item: ChargeItem = { ...this.counter, windowId: this.windowId, amount, release: this.amount };
    const request = { id: this.id, partition: 'wide', attemptId: this.id, items: [item] };
    this.process.charge({ ...request, event: usageEvent(), close: false });
    this.process.close(this.id, 'wide');
  }
}

/** Asks for so much; what was admitted, if anything. */
export async function ask(process: SliceStore, charge: QuotaCharge): Promise<Admitted | undefined> {
  const id = newId();
  const request = { id, partition: 'wide', attemptId: id, charges: [charge], leaseMs: 3_600_000 };
  const result = await process.reserve(request);
  if (!result.ok) return undefined;
  const [grant] = result.grants;
  return new Admitted(process, id, charge, grant?.window ?? '', grant?.granted ?? 0);
}
