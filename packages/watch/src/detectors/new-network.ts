import type { SubjectRecord } from '../features/subject-record.js';
import type { Suspicion } from './finding.js';

/** The least requests of a day from networks that are new for a key. */
const leastRequests = 12;
/** A key that gets more new networks in a week than this moves about by nature. */
const mostNewInAWeek = 6;
/** Where nearly all requests come from the new networks, the key's program has moved. */
const moved = 0.9;
/** Score of a new network, of a new program as well, and of each fourfold number of requests; less where the program has moved. */
const [ofNetwork, ofAgent, ofFourfold, ofMoved] = [3, 2, 1, -3];
/** The highest score, of a new program too and of an old one. */
const [mostOfStrange, mostOfKnown] = [7.5, 5.5];
const dayMs = 86_400_000;

/**
 * A key that is used from the same networks for days is used from another one as well, by another program: it may have leaked. Needs
 * `observe()`; the program is the name in the header `user-agent`.
 */
export function newNetwork({ networks, requests }: SubjectRecord, nowMs: number): Suspicion | undefined {
  if (!networks || networks.ageMs(nowMs) < 4 * dayMs) return undefined;
  const { all, fromNew, strange, newNetworks } = networks.counts(nowMs);
  if (fromNew < leastRequests || newNetworks > mostNewInAWeek || requests[2].usual(nowMs) === undefined)
    return undefined;
  const isStrange = strange >= leastRequests;
  const times = (isStrange ? strange : fromNew) / leastRequests;
  const score =
    ofNetwork +
    (isStrange ? ofAgent : 0) +
    (ofFourfold * Math.log2(times)) / Math.log2(4) +
    (fromNew > moved * all ? ofMoved : 0);
  return {
    detector: 'new-network',
    score: Math.min(score, isStrange ? mostOfStrange : mostOfKnown),
    features: [{ feature: 'requestsFromNewNetworksInADay', expected: 0, seen: fromNew }],
  };
}
