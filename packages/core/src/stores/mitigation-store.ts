/** An action of `watch()` as operators see it. */
export interface MitigationRecord {
  /** UUIDv7. */
  readonly id: string;
  readonly atMs: number;
  /** When it ends by itself, ms since the epoch; of a withheld one, until when it can be confirmed. */
  readonly untilMs: number;
  /** E.g. `suspend`. */
  readonly action: string;
  /** As `MitigationOutcome` of `@tollgate/watch`; `withheld` waits for a confirmation. */
  readonly outcome: string;
  /** E.g. `key k1`. */
  readonly target: string;
  readonly tenant?: string | undefined;
  /** One line for a person. */
  readonly reason: string;
  /** The process that acts, as host and process id. */
  readonly process: string;
  /** The decision of an operator, once the process has carried it out. */
  readonly decided?: OperatorDecision | undefined;
}

/** An operator's decision about an action. */
export interface OperatorDecision {
  readonly id: string;
  readonly what: 'confirm' | 'undo';
  readonly by: string;
}

/** An operator's decision that an action was wrong, for the other processes that find the same. */
export interface TakenBack {
  /** The detector and its target: at most one is kept of each. */
  readonly matter: string;
  /** Until when it holds, ms since the epoch. */
  readonly untilMs: number;
  /** Of the finding: what is much more than that is another matter. */
  readonly score: number;
  readonly features: readonly {
    readonly feature: string;
    readonly expected: number;
    readonly seen: number;
  }[];
}

/** The actions of all processes that operators may confirm or take back. Every method rejects while the store is away. */
export interface MitigationStore {
  /** Stores a record until it ends, in place of an earlier one of its id. */
  put(record: MitigationRecord): Promise<void>;
  /** Those that have not ended, the latest first. */
  list(): Promise<readonly MitigationRecord[]>;
  /** Leaves a decision for the process that acts. */
  decide(decision: OperatorDecision): Promise<void>;
  /** The decisions about these actions; each is returned once. */
  take(ids: readonly string[]): Promise<readonly OperatorDecision[]>;
  /** Stores such a decision until it ends, in place of an earlier one about its matter. */
  takeBack(takenBack: TakenBack): Promise<void>;
  /** The decisions about these matters that have not ended. */
  takenBack(matters: readonly string[]): Promise<readonly TakenBack[]>;
}

/** Actions and decisions within one process. */
export function memoryMitigations(now: () => number = Date.now): MitigationStore {
  const records = new Map<string, MitigationRecord>();
  const decisions = new Map<string, OperatorDecision>();
  const takenBack = new Map<string, TakenBack>();
  const expire = (): void => {
    const nowMs = now();
    for (const [id, { untilMs }] of records) if (untilMs <= nowMs) records.delete(id);
    for (const [matter, { untilMs }] of takenBack) if (untilMs <= nowMs) takenBack.delete(matter);
  };
  return {
    async put(record) {
      expire();
      records.set(record.id, record);
    },
    async list() {
      expire();
      return [...records.values()].sort(latestFirst);
    },
    async decide(decision) {
      decisions.set(decision.id, decision);
    },
    async take(ids) {
      return ids.flatMap((id) => {
        const decision = decisions.get(id);
        decisions.delete(id);
        return decision ?? [];
      });
    },
    async takeBack(one) {
      expire();
      takenBack.set(one.matter, one);
    },
    async takenBack(matters) {
      expire();
      return matters.flatMap((matter) => takenBack.get(matter) ?? []);
    },
  };
}

/** The order of {@link MitigationStore.list}: ids are in the order of time. */
export const latestFirst = (one: { readonly id: string }, other: { readonly id: string }): number =>
  one.id < other.id ? 1 : -1;
