import type { Caller, UsageEvent } from '@tollgate/core';
import { checkOptions, describeValue, isPromise, publish } from '@tollgate/core/internal';
import type { Request } from 'express';
import { type Subject, subjectKinds } from '../features/subject.js';
import { detectorNames, type FeatureSeen, type Finding } from './finding.js';

/** A finding as a detector of the app reports it. */
export interface ReportedFinding {
  /** Whom it is about. With a `tenant`, a key's finding counts towards that tenant's blast radius. */
  readonly subject: Subject;
  /** 0 to 50: about 4 is worth a look, 6 is strong, 8 and above needs immediate attention. */
  readonly score: number;
  /** Its grounds, the strongest first; shown in alerts and in the audit trail. @defaultValue [] */
  readonly features?: readonly FeatureSeen[] | undefined;
}

/** A request whose response has ended, as `observe()` saw it. */
export interface ObservedRequest {
  readonly req: Request;
  /** Absent where the credentials were wrong. */
  readonly caller: Caller | undefined;
  /** The code of Tollgate's refusal; absent: none. */
  readonly code: string | undefined;
  readonly status: number;
  /** An IPv4 address, or an IPv6 network of 56 bits. */
  readonly network: string;
  readonly atMs: number;
}

/** A detector of the app: its findings go through the same policy as those of `watch()`. Its errors are caught and published. */
export interface Detector {
  /** Unlike the names of the other detectors: letters, digits and `-`, 40 at most. Rules of the policy name it. */
  readonly name: string;
  /** Receives every usage event that `watch.sink` receives. Synchronous. */
  usage?(event: UsageEvent, report: (finding: ReportedFinding) => void): void;
  /** Receives every request of a caller, and every one with wrong credentials, where `watch.observe()` is mounted. Synchronous. */
  request?(request: ObservedRequest, report: (finding: ReportedFinding) => void): void;
}

/** Throws a `TypeError` for a detector that could not work, or whose name is taken. */
export function checkDetectors(detectors: readonly Detector[]): void {
  const names = new Set<string>(detectorNames);
  detectors.forEach((detector, index) => {
    const where = `watch: detector ${index} of "detectors"`;
    const { name, usage, request } = detector;
    if (typeof name !== 'string' || !/^[A-Za-z][A-Za-z0-9-]{0,39}$/.test(name)) {
      throw new TypeError(
        `${where}: "name" must be letters, digits and "-", 40 at most, received ${describeValue(name)}`,
      );
    }
    if (names.has(name)) throw new TypeError(`${where}: there is a detector "${name}" already`);
    names.add(name);
    for (const [method, value] of Object.entries({ usage, request })) {
      if (value !== undefined && typeof value !== 'function') {
        throw new TypeError(`${where}: "${method}" must be a function, received ${describeValue(value)}`);
      }
    }
    if (!usage && !request)
      throw new TypeError(`${where} has neither "usage" nor "request", so it sees nothing`);
  });
}

/** Runs the app's detectors, and hands on what they report. A detector that fails does not affect requests or other detectors. */
export class CustomDetectors {
  constructor(
    private readonly detectors: readonly Detector[],
    private readonly found: (finding: Finding) => void,
  ) {}

  usage(event: UsageEvent, nowMs: number): void {
    this.#each(nowMs, (detector, report) => detector.usage?.(event, report));
  }

  request(request: ObservedRequest): void {
    this.#each(request.atMs, (detector, report) => detector.request?.(request, report));
  }

  #each(
    atMs: number,
    run: (detector: Detector, report: (finding: ReportedFinding) => void) => unknown,
  ): void {
    for (const detector of this.detectors) {
      const failed = (error: unknown): void =>
        publish('tollgate:fault', () => ({
          where: `watch.detectors.${detector.name}`,
          error: String(error),
        }));
      try {
        const result = run(detector, (reported) => this.found(findingOf(detector.name, reported, atMs)));
        // An async function fits the type; its rejection would end the process.
        if (isPromise(result)) result.then(undefined, failed);
      } catch (error) {
        failed(error);
      }
    }
  }
}

function findingOf(detector: string, reported: ReportedFinding, atMs: number): Finding {
  checkOptions<ReportedFinding>(
    `the finding of ${detector}`,
    reported,
    {
      subject: isSubject,
      score: (score) =>
        (typeof score === 'number' && score >= 0 && score <= 50) || 'a number from 0 to 50, as scores are',
      features: (features) => Array.isArray(features) || 'an array of { feature, expected, seen }',
    },
    ['subject', 'score'],
  );
  const { subject, score, features = [] } = reported;
  return { detector, subject, atMs, score, features, contributors: [] };
}

function isSubject(value: unknown): true | string {
  const { kind, name } = Object(value) as Partial<Subject>;
  return (
    (kind !== undefined && subjectKinds.includes(kind) && typeof name === 'string') ||
    'an object { kind, name, tenant }'
  );
}
