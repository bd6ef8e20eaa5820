import type { SwitchStore } from '@tollgate/core';
import { newId, type TakenBack } from '@tollgate/core/internal';
import type { Finding } from '../detectors/finding.js';
import { BoundedMap } from '../features/bounded-map.js';
import { type Subject, subjectKey } from '../features/subject.js';
import { BlastGuard, type BlastRadius } from './blast-radius.js';
import { isMuchMore, LeftAlone } from './left-alone.js';
import type { Mitigation, MitigationOutcome } from './mitigation.js';
import { matterOf, narrowest } from './narrowest.js';
import { type Action, type ActionName, isAsked, lengthOf, type PolicyRule, ruleFor } from './policy.js';
import { canHit, type Executor, type HardAction, isHard, isHarder } from './step.js';
import { suspending, switchKindOf } from './suspending.js';

const longestMs = 24 * 60 * 60_000;
/** How long a question to a person stands before it is repeated. */
const askedMs = 24 * 60 * 60_000;
/** Factor of a score on probation. */
const onProbation = 2;

/** The dependencies of a {@link Ladder}. */
export interface LadderSettings {
  readonly policy: readonly PolicyRule[];
  readonly blastRadius: BlastRadius;
  readonly shadow: boolean;
  readonly maxSubjects: number;
  /** Behaviour that costs less an hour, in US dollars, is not suspended. @defaultValue 0 */
  readonly minUsd?: number | undefined;
  readonly now: () => number;
  readonly activeTenants: (nowMs: number) => number;
  /** Whether the usual requests of a subject are known, so that it can be limited to them. @defaultValue they are */
  readonly isUsualKnown?: ((subject: Subject, nowMs: number) => boolean) | undefined;
  readonly audit: (mitigation: Mitigation) => void;
  /** Receives each decision of a person against an action of this process. */
  readonly takenBack?: ((takenBack: TakenBack) => void) | undefined;
  /** Store of suspensions. `undefined`: there are none. */
  readonly store: SwitchStore | undefined;
  /** Absent: no key is rotated. */
  readonly rotate?: Executor<'rotate'> | undefined;
}

/** How long a hard action holds. As long again its target is on probation. */
interface Term {
  readonly untilMs: number;
  readonly lengthMs: number;
}

/** From findings to actions: the step of the policy, once while it lasts, within the blast radius. */
export class Ladder {
  readonly #mitigations: BoundedMap<Mitigation>;
  readonly #terms: BoundedMap<Term>;
  readonly #leftAlone: LeftAlone;
  readonly #withheld = new BoundedMap<Mitigation>(1_000);
  readonly #blasts = new Map<ActionName, BlastGuard>();
  readonly #suspend: Executor<'suspend'> | undefined;
  /** Rules that ask a person, those that act, and of these those that only observe. */
  readonly #asking: readonly PolicyRule[];
  readonly #acting: readonly PolicyRule[];
  readonly #observing: readonly PolicyRule[];
  /** That may leave notices. */
  readonly #detectors: readonly string[];

  constructor(private readonly settings: LadderSettings) {
    this.#mitigations = new BoundedMap(4 * settings.maxSubjects);
    this.#terms = new BoundedMap(settings.maxSubjects);
    this.#leftAlone = new LeftAlone(settings.maxSubjects);
    this.#asking = settings.policy.filter(({ action }) => isAsked(action));
    this.#acting = settings.policy.filter(({ action }) => !isAsked(action));
    this.#observing = this.#acting.filter(({ action }) => action.do === 'observe');
    const tagging = settings.policy.filter(({ action }) => action.do === 'tag');
    this.#detectors = [...new Set(tagging.flatMap(({ detectors }) => detectors))];
    this.#suspend = settings.store && suspending(settings.store, settings.now);
  }

  /** Takes a finding; writes to the switch store follow in the background. */
  take(finding: Finding): void {
    const target = narrowest(finding);
    const { atMs } = finding;
    if (this.#holds('suspend', target, atMs)) return;
    const times = (name: ActionName): number =>
      this.#probation(name, target, atMs) === undefined ? 1 : onProbation;
    const { minUsd } = this.settings;
    const isLeftAlone = this.#leftAlone.covers(finding);
    const asked = isLeftAlone ? undefined : ruleFor(this.#asking, finding, times, minUsd)?.action;
    if (asked) this.#ask(finding, asked, target);
    const isUsualKnown = this.settings.isUsualKnown?.(finding.subject, atMs);
    const rules = isLeftAlone ? this.#observing : this.#acting;
    const action = ruleFor(rules, finding, times, minUsd, isUsualKnown)?.action;
    if (!action) return;
    if (isHard(action)) this.#hit(finding, action, target);
    else this.#note(finding, action, finding.subject);
  }

  /** The mitigation of a kind that applies to a subject now. */
  active(name: ActionName, subject: Subject, nowMs: number): Mitigation | undefined {
    const mitigation = this.#mitigations.peek(keyOf(name, subject));
    return mitigation && mitigation.outcome === 'applied' && mitigation.untilMs > nowMs
      ? mitigation
      : undefined;
  }

  /** The notices about a subject that hold now, one of each detector. */
  tags(subject: Subject, nowMs: number): Mitigation[] {
    return this.#detectors.flatMap((detector) => {
      const noted = this.#noted(`tag ${detector}`, subject, nowMs);
      return noted?.outcome === 'applied' ? [noted] : [];
    });
  }

  /**
   * A person lets a withheld mitigation happen. Resolves to `false` where there is none of this id. Rejects where it did not happen, since a store
   * is away: it still waits then.
   */
  async confirm(id: string): Promise<boolean> {
    const withheld = this.#withheld.peek(id);
    if (!withheld) return false;
    this.#withheld.delete(id);
    const { action, target } = withheld;
    const finding = { ...withheld.finding, atMs: this.settings.now() };
    if (!isHard(action)) return true;
    if ((await this.#carryOut(finding, action, target, lengthOf(action))) === 'failed') {
      this.#withheld.set(id, withheld);
      throw new Error(`watch: the store did not take it, so that "${action.do}" did not happen`);
    }
    return true;
  }

  /**
   * A person takes back a mitigation that still holds, unless it is a rotation or an observation: its subject is no longer affected, and not on probation. For a
   * day, or as long as the mitigation would have lasted, findings of its detector about its target are only observed, until what they are about
   * has become much more. Resolves to `false` where there is none of this id. Rejects where a suspension cannot be taken out of the store.
   */
  async undo(id: string): Promise<boolean> {
    const [key, mitigation] =
      [...this.#mitigations.entries()].find(
        ([, one]) => one.id === id && one.untilMs > this.settings.now(),
      ) ?? [];
    if (key === undefined || !mitigation || !canEnd(mitigation.action)) return false;
    const { action, target } = mitigation;
    if (action.do === 'suspend' && mitigation.outcome === 'applied') {
      await this.settings.store?.turnOn(switchKindOf(target) ?? 'key', target.name);
    }
    const takenBack = this.#leftAlone.takeBack(mitigation, this.settings.now());
    this.settings.takenBack?.(takenBack);
    this.#end(key, mitigation);
    return true;
  }

  /**
   * A person has taken an action back in another process: what this one does about the same ends as well, unless it has become much more. Resolves to
   * whether nothing of it holds any more. Rejects where a suspension cannot be taken out of the store.
   */
  async leaveAlone(takenBack: TakenBack): Promise<boolean> {
    const nowMs = this.settings.now();
    this.#leftAlone.learn(takenBack);
    const same = [...this.#mitigations.entries()].filter(
      ([, { finding, untilMs, action }]) =>
        untilMs > nowMs && matterOf(finding) === takenBack.matter && canEnd(action),
    );
    const ending = same.filter(([, { finding }]) => !isMuchMore(finding, takenBack));
    for (const [key, mitigation] of ending) {
      const { action, target, outcome } = mitigation;
      if (action.do === 'suspend' && outcome === 'applied') await this.#switchOn(target);
      this.#end(key, mitigation);
    }
    return ending.length === same.length;
  }

  /** Removes an entry of `watch()`. Since another process has removed it, a person may have switched the same off. */
  async #switchOn(target: Subject): Promise<void> {
    const { store } = this.settings;
    const kind = switchKindOf(target) ?? 'key';
    const { entries = [] } = (await store?.read()) ?? {};
    const isOurs = entries.some((one) => one.kind === kind && one.name === target.name && one.by === 'watch');
    if (isOurs) await store?.turnOn(kind, target.name);
  }

  #end(key: string, mitigation: Mitigation): void {
    this.#mitigations.delete(key);
    this.#terms.delete(keyOf(mitigation.action.do, mitigation.target));
    this.#withheld.delete(mitigation.id);
    this.settings.audit(Object.freeze({ ...mitigation, untilMs: this.settings.now(), outcome: 'undone' }));
  }

  #hit(finding: Finding, action: HardAction, target: Subject): void {
    const { atMs } = finding;
    if (!canHit(action, target) || (action.do === 'suspend' && !this.#suspend)) return;
    const noted = this.#noted(action.do, target, atMs);
    if ((noted || this.#holds(action.do, target, atMs)) && !isHarder(finding, action, noted)) return;
    const before = this.#probation(action.do, target, atMs);
    const lengthMs = before ? Math.min(2 * before.lengthMs, longestMs) : lengthOf(action);
    if (this.settings.shadow) this.#write(finding, action, target, lengthMs, 'shadow');
    else if (!this.#isAdmitted(action, target, atMs)) {
      const withheld = this.#write(finding, action, target, this.settings.blastRadius.withinMs, 'withheld');
      this.#withheld.set(withheld.id, withheld);
    } else void this.#carryOut(finding, action, target, lengthMs);
  }

  /** Asks a person whether a suspension should happen, once a day while findings continue. */
  #ask(finding: Finding, action: Action, target: Subject): void {
    if (!this.#suspend || !isHard(action) || !canHit(action, target)) return;
    if (this.#noted('ask', target, finding.atMs)) return;
    const outcome = this.settings.shadow ? 'shadow' : 'withheld';
    const asked = this.#write(finding, action, target, askedMs, outcome, 'ask');
    if (outcome === 'withheld') this.#withheld.set(asked.id, asked);
  }

  async #carryOut(
    finding: Finding,
    action: HardAction,
    target: Subject,
    lengthMs: number,
  ): Promise<MitigationOutcome> {
    const key = keyOf(action.do, target);
    const { rotate } = this.settings;
    const before = this.#terms.peek(key);
    // noted before it is done, so that the findings of the meantime do not do it again
    this.#terms.set(key, { untilMs: finding.atMs + lengthMs, lengthMs });
    let outcome: MitigationOutcome = 'applied';
    if (action.do === 'suspend')
      outcome = (await this.#suspend?.({ finding, action, target, lengthMs })) ?? 'failed';
    if (action.do === 'rotate') outcome = (await rotate?.({ finding, action, target, lengthMs })) ?? 'failed';
    // An action that failed ends no probation either.
    if (outcome === 'failed' && before) this.#terms.set(key, before);
    else if (outcome === 'failed') this.#terms.delete(key);
    this.#write(finding, action, target, outcome === 'failed' ? 0 : lengthMs, outcome);
    return outcome;
  }

  #note(finding: Finding, action: Action, target: Subject): void {
    // One detector's notices do not hide another's.
    const isNotice = action.do === 'observe' || action.do === 'tag';
    const name = isNotice ? `${action.do} ${finding.detector}` : action.do;
    if (this.#noted(name, target, finding.atMs)) return;
    const outcome = this.settings.shadow ? 'shadow' : 'applied';
    this.#write(finding, action, target, lengthOf(action), outcome, name);
  }

  /** The recorded mitigation of a subject that has not ended. */
  #noted(name: string, target: Subject, nowMs: number): Mitigation | undefined {
    const mitigation = this.#mitigations.peek(keyOf(name, target));
    return mitigation && mitigation.untilMs > nowMs ? mitigation : undefined;
  }

  #holds(name: ActionName, target: Subject, nowMs: number): boolean {
    return (this.#terms.peek(keyOf(name, target))?.untilMs ?? 0) > nowMs;
  }

  /** The term that has ended, while it is not forgotten. */
  #probation(name: ActionName, target: Subject, nowMs: number): Term | undefined {
    const term = this.#terms.peek(keyOf(name, target));
    return term && nowMs >= term.untilMs && nowMs < term.untilMs + term.lengthMs ? term : undefined;
  }

  /** Whether an action stays within its blast radius. A rule that reduces the limits of all callers is meant so. */
  #isAdmitted(action: HardAction, target: Subject, atMs: number): boolean {
    if (action.do === 'tighten' && target.kind === 'global') return true;
    return this.#blastOf(action).admits(target, atMs, this.settings.activeTenants(atMs));
  }

  /** Each action has a separate radius: a challenge does not prevent the suspension of another subject. */
  #blastOf({ do: name }: HardAction): BlastGuard {
    const guard = this.#blasts.get(name) ?? new BlastGuard(this.settings.blastRadius);
    this.#blasts.set(name, guard);
    return guard;
  }

  #write(
    finding: Finding,
    action: Action,
    target: Subject,
    lengthMs: number,
    outcome: MitigationOutcome,
    noted: string = action.do,
  ): Mitigation {
    const { atMs } = finding;
    const id = newId(atMs);
    const mitigation = Object.freeze({
      id,
      atMs,
      action,
      target,
      untilMs: atMs + lengthMs,
      outcome,
      finding,
    });
    this.#mitigations.set(keyOf(noted, target), mitigation);
    this.settings.audit(mitigation);
    return mitigation;
  }
}

/** An observation has no effect that could; a key's new secret is its owner's by now. */
const canEnd = (action: Action): boolean => action.do !== 'observe' && action.do !== 'rotate';

const keyOf = (name: string, subject: Subject): string => `${name} ${subjectKey(subject)}`;
