import { riskOf } from '../../src/detectors/risk.js';
import { requestFeatures, requestRow } from '../../src/features/request-row.js';
import { SubjectRecord } from '../../src/features/subject-record.js';
import { OnlineForest } from '../../src/forest/online-forest.js';
import { seededRandom } from '../../src/forest/seeded-random.js';
import { eventOf } from './event-of.js';
import { grownAt, type IncidentKind } from './incidents.js';
import { PlainFeatures } from './plain.js';
import { type Happening, type Scale, Traffic } from './traffic.js';

/** What can put requests in order, the most suspicious first. */
export const rankers = ['isolation forest', 'combined risk', 'plain z-score'] as const;
export type Ranker = (typeof rankers)[number];

/** From so many times the usual on a request of a leak counts as one. */
const leakGrown = 1.5;

/** Scores of requests without an incident, and of those of each kind. */
export type Rankings = Readonly<
  Record<Ranker, { readonly usual: number[]; readonly hostile: Map<IncidentKind, number[]> }>
>;

/** Scores each request of the traffic as it comes, and stops nobody. What came before there was a forest is left out. */
export function rank(scale: Scale): Rankings {
  const records = new Map<string, SubjectRecord>();
  const forest = new OnlineForest(requestFeatures, seededRandom(1));
  const plain = new PlainFeatures('plain z-score');
  const emptyRanking = (): Rankings[Ranker] => ({ usual: [], hostile: new Map() });
  const rankings: Rankings = {
    'isolation forest': emptyRanking(),
    'combined risk': emptyRanking(),
    'plain z-score': emptyRanking(),
  };
  for (const hour of new Traffic(scale).hours()) {
    for (const happening of hour) {
      const { tenant, key, atMs, usd, tokens, print } = happening;
      if (!tenant) continue;
      const record = records.get(key) ?? new SubjectRecord({ kind: 'key', name: key, tenant: tenant.name });
      records.set(key, record);
      const { outputTokens } = eventOf(happening, tenant);
      record.add(atMs, { usd, tokens, outputTokens, print, failed: false });
      const row = requestRow(record, atMs);
      const isolation = forest.forest?.score(row);
      const z = plain.of(happening).filter(({ subject }) => subject.kind === 'key');
      forest.learn(row);
      const kind = labelOf(happening);
      if (isolation === undefined || kind === 'unclear') continue;
      const scores: Record<Ranker, number> = {
        'isolation forest': isolation,
        'combined risk': riskOf(row, isolation),
        'plain z-score': Math.max(0, ...z.map(({ value }) => value)),
      };
      for (const ranker of rankers) {
        const { usual, hostile } = rankings[ranker];
        if (kind === 'usual') usual.push(scores[ranker]);
        else {
          const ofKind = hostile.get(kind) ?? [];
          hostile.set(kind, ofKind);
          ofKind.push(scores[ranker]);
        }
      }
    }
  }
  return rankings;
}

function labelOf({ incident, atMs }: Happening): IncidentKind | 'usual' | 'unclear' {
  if (!incident) return 'usual';
  if (incident.kind === 'slow leak' && grownAt(incident, atMs) < leakGrown) return 'unclear';
  return incident.kind;
}

/** Area under the curve of ROC: how likely a hostile request has a higher score than a usual one, ties as a half. */
export function areaUnderCurve(usual: readonly number[], hostile: readonly number[]): number {
  const sorted = Float64Array.from(usual).sort();
  const place = (value: number, isAfter: boolean): number => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const one = sorted[middle] as number;
      if (one < value || (isAfter && one === value)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  let sum = 0;
  for (const value of hostile) sum += (place(value, false) + place(value, true)) / 2;
  return sum / hostile.length / sorted.length;
}
