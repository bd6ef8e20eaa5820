import { listIn, numberIn } from '../script/reply.js';
import type { ScriptCaller } from '../script/script-caller.js';
import type { Standing } from '../script/standings.js';
import type { KnownProcess } from './known-processes.js';
import type { PlacedSpend } from './spend-place.js';

/** A process's report on a partition that may be lost. */
export interface Report {
  readonly process: string;
  readonly standing: Standing;
  readonly known: readonly KnownProcess[];
  /** Under which number it has sent everything again; 0: none. */
  readonly sentUnder: number;
  /** How long others are waited for at least. */
  readonly waitMs: number;
}

/** The state of a partition: below 0 it is closed. */
export interface Standstill {
  readonly generation: number;
  /** This process has just been given it, to rebuild it alone. */
  readonly isOurs: boolean;
  /** Nothing is sent again any more. */
  readonly isSealed: boolean;
}

const attempt = 500;

/** The steps by which a partition is rebuilt, on the server. Reject as every call does. */
export class RebuildSteps {
  readonly #caller: ScriptCaller;

  constructor(caller: ScriptCaller) {
    this.#caller = caller;
  }

  async report(partition: number, report: Report): Promise<Standstill> {
    const { process, standing, known, sentUnder, waitMs } = report;
    const { generation, seenMs } = standing;
    const told = await this.#step(partition, [
      'report',
      process,
      generation,
      seenMs,
      known,
      sentUnder,
      waitMs,
    ]);
    return { generation: numberIn(told[0]), isOurs: told[1] === 1, isSealed: told[2] === 1 };
  }

  /** Whether this process still has the partition; others wait for a while. */
  async keep(partition: number, number: number): Promise<boolean> {
    return (await this.#step(partition, ['keep', number]))[0] === 1;
  }

  /** Whether there are usage events that a sink has not accepted yet. */
  async hasUndelivered(partition: number): Promise<boolean> {
    return (await this.#step(partition, ['undelivered']))[0] === 1;
  }

  /** Raises counters to the spend. `false`: another process has the partition now. */
  async fill(partition: number, number: number, spends: readonly PlacedSpend[]): Promise<boolean> {
    for (let from = 0; from < spends.length; from += attempt) {
      const rows = spends
        .slice(from, from + attempt)
        .map(({ key, endsAtMs, amount }) => [key, endsAtMs, amount]);
      if ((await this.#step(partition, ['fill', number, rows]))[0] !== 1) return false;
    }
    return true;
  }

  /** Opens it: its new generation. `undefined`: another process has the partition now. */
  async open(partition: number, number: number, drained: boolean): Promise<number | undefined> {
    let first = 0;
    for (;;) {
      const [state, told] = await this.#step(partition, ['open', number, first, drained ? 1 : 0]);
      if (state === 2) return numberIn(told);
      if (state !== 1) return undefined;
      first = numberIn(told);
    }
  }

  async #step(partition: number, words: readonly unknown[]): Promise<readonly unknown[]> {
    const [told] = (await this.#caller.callIn(0, 'rebuild', partition, [() => JSON.stringify(words)])) ?? [];
    return listIn(told);
  }
}
