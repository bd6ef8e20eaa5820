import {
  type MitigationRecord,
  type MitigationStore,
  type OperatorDecision,
  processName,
  publish,
  type TakenBack,
} from '@tollgate/core/internal';
import { type Mitigation, reasonOf } from './mitigation.js';
import { matterOf } from './narrowest.js';

/** Actions that operators see at most, of this process; the oldest are dropped. */
const mostShown = 1_000;
/** How often decisions are looked for while there are actions, in ms. */
const pollMs = 500;

/** Carries out what an operator decides. `false`: it has ended already. */
export interface OperatorActions {
  confirm(id: string): Promise<boolean>;
  undo(id: string): Promise<boolean>;
  /** It was taken back in another process. `false`: something about it holds still. */
  leaveAlone(takenBack: TakenBack): Promise<boolean>;
}

/** Shows this process's actions to operators in a store, and carries out their decisions. Looks for them only while there are actions. */
export class Operators {
  readonly #shown = new Map<string, MitigationRecord>();
  /** Detectors and targets that this process acts on, until when: an operator of another process may take that back. */
  readonly #matters = new Map<string, number>();
  /** Decisions against actions of this process that are not stored yet. */
  readonly #untold = new Map<string, TakenBack>();
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
    const { id, action, outcome, untilMs, finding } = mitigation;
    if (outcome === 'undone') this.#undone(id);
    const isShown = outcome === 'withheld' || outcome === 'applied';
    const isDone = isShown || outcome === 'done-already';
    if (!isDone || action.do === 'observe' || action.do === 'tag' || untilMs <= this.now()) return;
    const matter = matterOf(finding);
    bounded(this.#matters);
    this.#matters.set(matter, Math.max(untilMs, this.#matters.get(matter) ?? 0));
    this.#start();
    if (!isShown) return;
    bounded(this.#shown);
    const record = recordOf(mitigation);
    this.#replace(record);
    this.#shown.set(id, record);
    this.#put(record);
  }

  /** Reports to the other processes that a person has taken an action of this one back. */
  takenBack(takenBack: TakenBack): void {
    bounded(this.#untold);
    this.#untold.set(takenBack.matter, takenBack);
    this.#start();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #start(): void {
    this.#timer ??= setInterval(() => void this.#look(), pollMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const nowMs = this.now();
      for (const [id, { untilMs }] of this.#shown) if (untilMs <= nowMs) this.#shown.delete(id);
      for (const [matter, untilMs] of this.#matters) if (untilMs <= nowMs) this.#matters.delete(matter);
      for (const decision of await this.store.take([...this.#shown.keys()])) {
        await this.#carryOut(decision);
      }
      for (const takenBack of this.#untold.values()) {
        await this.store.takeBack(takenBack);
        this.#untold.delete(takenBack.matter);
      }
      for (const takenBack of await this.store.takenBack([...this.#matters.keys()])) {
        if (await this.actions.leaveAlone(takenBack)) this.#matters.delete(takenBack.matter);
      }
      if (this.#shown.size + this.#matters.size + this.#untold.size === 0) this.end();
    } catch {
      // The store is away: decisions wait there, and those to be stored wait here.
    } finally {
      this.#looking = false;
    }
  }

  /** A decision that fails, as the switch is away, is not reported as carried out. */
  async #carryOut(decision: OperatorDecision): Promise<void> {
    const record = this.#shown.get(decision.id);
    if (!record) return;
    try {
      const done = await this.actions[decision.what](decision.id);
      this.#shown.delete(decision.id);
      if (done) this.#put({ ...record, decided: decision });
    } catch (error) {
      publish('tollgate:fault', () => ({ where: 'watch.operators', error: String(error) }));
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

  #undone(id: string): void {
    const record = this.#shown.get(id);
    this.#shown.delete(id);
    if (record) this.#put({ ...record, untilMs: this.now() });
  }
}

function bounded(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (map.size >= mostShown && oldest !== undefined) map.delete(oldest);
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
