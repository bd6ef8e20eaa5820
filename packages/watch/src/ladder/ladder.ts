import { newId, type SwitchKind, type SwitchStore } from '@tollgate/core';
import type { Finding } from '../detectors/finding.js';
import { BoundedMap } from '../features/bounded-map.js';
import { type Subject, subjectKey } from '../features/subject.js';
import { BlastGuard, type BlastRadius } from './blast-radius.js';
import type { Measure, MeasureOutcome } from './measure.js';
import { type Action, type ActionName, type PolicyRule, ruleFor } from './policy.js';

/** What is only watched is written down again after this time. */
const observedMs = 10 * 60_000;
const longestMs = 24 * 60 * 60_000;
/** From this share on a finding about a tenant is one key's doing. */
const dominant = 0.8;
/** On probation a score counts so many times. */
const onProbation = 2;

/** What a {@link Ladder} goes by. */
export interface LadderSettings {
  readonly store: SwitchStore | undefined;
  readonly policy: readonly PolicyRule[];
  readonly blastRadius: BlastRadius;
  readonly dryRun: boolean;
  readonly maxSubjects: number;
  readonly now: () => number;
  readonly activeTenants: (nowMs: number) => number;
  readonly audit: (measure: Measure) => void;
}

interface Suspension {
  readonly untilMs: number;
  readonly lengthMs: number;
}

/** From findings to what is done about them: the step of the policy, once while it lasts, within the blast radius. */
export class Ladder {
  readonly #measures: BoundedMap<Measure>;
  readonly #suspensions: BoundedMap<Suspension>;
  readonly #withheld = new BoundedMap<Measure>(1_000);
  readonly #blast: BlastGuard;

  constructor(private readonly settings: LadderSettings) {
    this.#measures = new BoundedMap(4 * settings.maxSubjects);
    this.#suspensions = new BoundedMap(settings.maxSubjects);
    this.#blast = new BlastGuard(settings.blastRadius);
  }

  /** Takes a finding; what the switch store must be told is told behind. */
  take(finding: Finding): void {
    const target = narrowest(finding);
    const before = this.#suspensions.peek(subjectKey(target));
    const probation = before && finding.atMs < before.untilMs + before.lengthMs;
    if (probation && finding.atMs < before.untilMs) return;
    const rule = ruleFor(this.settings.policy, finding, finding.score * (probation ? onProbation : 1));
    if (!rule) return;
    const { action } = rule;
    if (action.do === 'suspend') this.#suspend(finding, action, target, probation ? before : undefined);
    else this.#note(finding, action, finding.subject, lengthOf(action));
  }

  /** The measure of a kind that holds for somebody now. */
  active(name: ActionName, subject: Subject, nowMs: number): Measure | undefined {
    const measure = this.#measures.peek(`${name} ${subjectKey(subject)}`);
    return measure && measure.outcome === 'applied' && measure.untilMs > nowMs ? measure : undefined;
  }

  /** A person lets a withheld measure happen. Resolves to `false` where there is none of this id. */
  async confirm(id: string): Promise<boolean> {
    const withheld = this.#withheld.peek(id);
    if (!withheld) return false;
    this.#withheld.delete(id);
    const { finding, action, target } = withheld;
    if (action.do === 'suspend') await this.#switchOff(finding, action, target, action.forMs);
    return true;
  }

  #suspend(
    finding: Finding,
    action: Extract<Action, { do: 'suspend' }>,
    target: Subject,
    before: Suspension | undefined,
  ): void {
    const nowMs = finding.atMs;
    if (this.#isNoted('suspend', target, nowMs) || switchNameOf(target) === undefined) return;
    const lengthMs = before ? Math.min(2 * before.lengthMs, longestMs) : action.forMs;
    if (this.settings.dryRun) this.#write(finding, action, target, lengthMs, 'dry-run');
    else if (!this.#blast.admits(target, nowMs, this.settings.activeTenants(nowMs))) {
      const withheld = this.#write(finding, action, target, this.settings.blastRadius.withinMs, 'withheld');
      this.#withheld.set(withheld.id, withheld);
    } else void this.#switchOff(finding, action, target, lengthMs);
  }

  async #switchOff(
    finding: Finding,
    action: Extract<Action, { do: 'suspend' }>,
    target: Subject,
    lengthMs: number,
  ): Promise<void> {
    const { store, now } = this.settings;
    const kind = switchNameOf(target);
    if (!store || !kind) return;
    const sinceMs = now();
    const expiresAtMs = sinceMs + lengthMs;
    const key = subjectKey(target);
    // noted before it is told, so that the findings of the meantime do not tell it again
    this.#suspensions.set(key, { untilMs: expiresAtMs, lengthMs });
    try {
      const { entries = [] } = (await store.read()) ?? {};
      const other = entries.find(
        (one) => one.kind === kind && one.name === target.name && (one.expiresAtMs ?? Infinity) > expiresAtMs,
      );
      if (!other) {
        const { cutsRunning } = action;
        const reason = reasonOf(finding);
        await store.turnOff({
          kind,
          name: target.name,
          reason,
          by: 'watch',
          sinceMs,
          expiresAtMs,
          cutsRunning,
        });
      }
      this.#write(finding, action, target, lengthMs, other ? 'off-already' : 'applied');
    } catch {
      this.#suspensions.delete(key);
      this.#write(finding, action, target, 0, 'failed');
    }
  }

  #note(finding: Finding, action: Action, target: Subject, lengthMs: number): void {
    const noted = action.do === 'observe' ? `observe ${finding.detector}` : action.do;
    if (this.#isNoted(noted, target, finding.atMs)) return;
    this.#write(finding, action, target, lengthMs, this.settings.dryRun ? 'dry-run' : 'applied', noted);
  }

  #isNoted(name: string, target: Subject, nowMs: number): boolean {
    return (this.#measures.peek(`${name} ${subjectKey(target)}`)?.untilMs ?? 0) > nowMs;
  }

  #write(
    finding: Finding,
    action: Action,
    target: Subject,
    lengthMs: number,
    outcome: MeasureOutcome,
    noted: string = action.do,
  ): Measure {
    const untilMs = finding.atMs + lengthMs;
    const measure = Object.freeze({
      id: newId(finding.atMs),
      atMs: finding.atMs,
      action,
      target,
      untilMs,
      outcome,
      finding,
    });
    this.#measures.set(`${noted} ${subjectKey(target)}`, measure);
    this.settings.audit(measure);
    return measure;
  }
}

/** The one key that a finding about its tenant, team, user or feature is owed to; otherwise whom it is about. */
function narrowest({ subject, contributors }: Finding): Subject {
  if (subject.kind === 'key' || subject.tenant === undefined) return subject;
  const key = contributors.find(({ kind, share }) => kind === 'key' && share >= dominant);
  return key ? { kind: 'key', name: key.name, tenant: subject.tenant } : subject;
}

function switchNameOf({ kind }: Subject): SwitchKind | undefined {
  if (kind === 'global' || kind === 'network' || kind === 'feature') return undefined;
  return kind;
}

function lengthOf(action: Action): number {
  return action.do === 'observe' ? observedMs : action.forMs;
}

function reasonOf({ detector, score, features, subject }: Finding): string {
  const [first] = features;
  const what = first ? `: ${first.feature} ${plain(first.seen)} instead of ${plain(first.expected)}` : '';
  return `${detector} of ${subject.kind} ${subject.name}, score ${score.toFixed(1)}${what}`.slice(0, 1_000);
}

const plain = (value: number): string => String(Number(value.toPrecision(3)));
