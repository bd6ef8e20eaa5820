import { Analysis } from '../../src/detectors/analysis.js';
import type { Finding } from '../../src/detectors/finding.js';
import type { Subject } from '../../src/features/subject.js';
import { seededRandom } from '../../src/forest/seeded-random.js';
import { eventOf } from './event-of.js';
import type { Happening } from './traffic.js';

/** What turns traffic into findings, for the ladder to act on. */
export interface Contender {
  /** Takes in what was let through. */
  take(happening: Happening): void;
  /** How long a limited subject has to wait; `undefined`: it may go on. */
  aboveUsual?(subject: Subject, times: number, nowMs: number): number | undefined;
  /** Whether a subject can be limited. */
  isUsualKnown?(subject: Subject, nowMs: number): boolean;
  /** For the blast radius. */
  activeTenants(nowMs: number): number;
  /** The same after a restart of the process, with what it has saved. */
  restarted?(found: (finding: Finding) => void): Contender;
}

export type MakeContender = (found: (finding: Finding) => void) => Contender;

/** `watch()` as it comes. */
export const watchContender: MakeContender = (found) => contenderOf(analysisOf(found));

const analysisOf = (found: (finding: Finding) => void): Analysis =>
  new Analysis({
    ...{ minimumUsd: 0.5, maxSubjects: 20_000, networksPerKey: 10, budgetOf: undefined, forest: undefined },
    ...{ random: seededRandom(1), found },
  });

function contenderOf(analysis: Analysis): Contender {
  return {
    take(happening) {
      const { atMs, tenant, key, network, print, agent } = happening;
      if (!tenant) {
        analysis.presented(
          { network, digest: print, isWrong: true, tenant: undefined, keyId: undefined },
          atMs,
        );
        return;
      }
      analysis.presented(
        {
          network,
          digest: undefined,
          isWrong: false,
          tenant: tenant.name,
          keyId: key,
          agent: agent.split('/')[0],
        },
        atMs,
      );
      analysis.usage(eventOf(happening, tenant), atMs);
    },
    activeTenants: (nowMs) => analysis.activeTenants(nowMs),
    aboveUsual: (subject, times, nowMs) => analysis.aboveUsual(subject, times, nowMs),
    isUsualKnown: (subject, nowMs) => analysis.isUsualKnown(subject, nowMs),
    restarted(found) {
      const next = analysisOf(found);
      for (const [, record] of analysis.learnedSince(0))
        next.restore(JSON.parse(JSON.stringify(record.save())));
      return contenderOf(next);
    },
  };
}
