import { type MitigationRecord, type MitigationStore, processName, publish } from '@tollgate/core/internal';
import { type Mitigation, reasonOf } from './mitigation.js';

/** Actions that operators see at most, of this process; the oldest are dropped. */
const mostShown = 1_000;
/** How often decisions are looked for while there are actions, in ms. */
const pollMs = 500;

/** Carries out what an operator decides. `false`: it has ended already. */
export interface OperatorActions {
  confirm(id: string): Promise<boolean>;
  undo(id: string): Promise<boolean>;
}

/** Shows this process's actions to operators in a store, and carries out their decisions. Looks for them only while there are actions. */
export class Operators {
  readonly #shown = new Map<string, MitigationRecord>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #putting: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: MitigationStore,
    private readonly actions: OperatorActions,
    private readonly now: () => number,
  ) {}

  /** Takes an entry of the audit trail: what has an effect on requests, or waits for a confirmation, is shown. */
  show(mitigation: Mitigation): void {
    const { id, action, outcome, untilMs } = mitigation;
    if (outcome === 'undone') this.#forget(id);
    const isShown = outcome === 'withheld' || outcome === 'applied';
    if (!isShown || action.do === 'observe' || action.do === 'tag' || untilMs <= this.now()) return;
    const [oldest] = this.#shown.keys();
    if (this.#shown.size >= mostShown && oldest !== undefined) this.#forget(oldest);
    const record = recordOf(mitigation);
    this.#replace(record);
    this.#shown.set(id, record);
    this.#put(record);
    this.#timer ??= setInterval(() => void this.#look(), pollMs);
    this.#timer.unref();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const nowMs = this.now();
      for (const [id, { untilMs }] of this.#shown) if (untilMs <= nowMs) this.#forget(id);
      for (const decision of await this.store.take([...this.#shown.keys()])) {
        const record = this.#shown.get(decision.id);
        if (!record) continue;
        const done = await this.actions[decision.what](decision.id);
        this.#forget(decision.id);
        if (done) this.#put({ ...record, decided: decision });
      }
    } catch {
      // The store is away: decisions wait there.
    } finally {
      this.#looking = false;
    }
  }

  /** An action takes the place of an earlier, milder one of the same kind. */
  #replace({ action, target }: MitigationRecord): void {
    for (const [id, one] of this.#shown) {
      if (one.action !== action || one.target !== target) continue;
      this.#shown.delete(id);
      this.#put({ ...one, untilMs: this.now() });
    }
  }

  /** One after the other: of two records of one action, the later one must stay. */
  #put(record: MitigationRecord): void {
    this.#putting = this.#putting
      .then(() => this.store.put(record))
      .catch((error: unknown) => {
        publish('tollgate:fault', () => ({ where: 'watch.operators', error: String(error) }));
      });
  }

  #forget(id: string): void {
    this.#shown.delete(id);
    if (this.#shown.size === 0) this.end();
  }
}

function recordOf({ id, atMs, untilMs, action, outcome, target, finding }: Mitigation): MitigationRecord {
  return {
    ...{ id, atMs, untilMs, action: action.do, outcome },
    target: target.kind === 'global' ? 'all callers' : `${target.kind} ${target.name}`,
    tenant: target.tenant,
    reason: reasonOf(finding),
    process: processName,
  };
}
