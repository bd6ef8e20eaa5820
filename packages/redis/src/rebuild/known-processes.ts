import { newId } from '@tollgate/core/internal';
import { registry } from '../lua/registry.js';
import { listIn, numberIn, textIn } from '../script/reply.js';
import type { ScriptRunner } from '../script/script-runner.js';
import { scriptOf } from '../script/scripts.js';

/** A process that uses the store, and the longest lease it asked for. */
export type KnownProcess = readonly [id: string, leaseMs: number];

/** Silence after which a process counts as gone, in ms. */
const goneAfterMs = 5_000;
const script = scriptOf(registry);

/**
 * The processes that use a store: each registers repeatedly, and remembers the others, since a server that has lost its data has lost their
 * entries too.
 */
export class KnownProcesses {
  readonly id = newId();
  readonly #runner: ScriptRunner;
  readonly #key: string;
  #others = new Map<string, number>();
  #isRegistered = false;

  constructor(runner: ScriptRunner, prefix: string) {
    this.#runner = runner;
    this.#key = `${prefix}:processes`;
  }

  /** Registers this process. `keepsAll`: no process is forgotten. `true`: the server had lost its entry. */
  async beat(leaseMs: number, keepsAll: boolean): Promise<boolean> {
    const args = [this.id, String(leaseMs), String(goneAfterMs)];
    const [wasThere, ...told] = listIn(await this.#runner.run('processes', script, this.#key, args));
    const isForgotten = this.#isRegistered && numberIn(wasThere) === 0;
    this.#isRegistered = true;
    if (!keepsAll && !isForgotten) this.#others = new Map();
    for (let at = 0; at + 1 < told.length; at += 2)
      this.#others.set(textIn(told[at]), numberIn(told[at + 1]));
    return isForgotten;
  }

  /** All recently registered processes, this process first. */
  all(leaseMs: number): KnownProcess[] {
    return [[this.id, leaseMs], ...this.#others];
  }

  /** It will hold nothing any more. */
  async leave(): Promise<void> {
    if (this.#isRegistered) await this.#runner.command('processes', this.#key, ['HDEL', this.#key, this.id]);
  }
}
