import { createHash } from 'node:crypto';
import type { Detector, IsolationForest, ObservedRequest } from '@tollgate/watch';
import { featuresOf, type SeenRequest, windowLength } from './features.js';

/** Most keys that are followed at once; the one that was seen longest ago is forgotten. */
const mostKeys = 10_000;

/** A score in real time. */
export interface Scored {
  readonly key: string;
  readonly score: number;
  readonly features: readonly number[];
}

/**
 * A detector of the app's own for `watch({ detectors })`: scores each key's last requests with an isolation forest, after every request.
 * `threshold`: the forest's score from which a row counts as unusual; `onScore` receives every score.
 */
export function forestDetector(
  forest: IsolationForest,
  threshold: number,
  onScore: (scored: Scored) => void = () => undefined,
): Detector {
  const byKey = new Map<string, SeenRequest[]>();
  return {
    name: 'forest',
    request: (request, report) => {
      const { caller } = request;
      if (!caller?.keyId) return;
      const row = featuresOf(remember(byKey, caller.keyId, seenOf(request)));
      if (!row) return;
      const score = forest.score(row);
      onScore({ key: caller.keyId, score, features: row });
      if (score < threshold) return;
      report({
        subject: { kind: 'key', name: caller.keyId, tenant: caller.tenant },
        // The policy's scale: 4 is worth a look, 8 needs immediate attention.
        score: 4 + (8 * (score - threshold)) / (1 - threshold),
        features: forest.explain(row).slice(0, 2),
      });
    },
  };
}

function seenOf({ req, atMs, code }: ObservedRequest): SeenRequest {
  const prompt = JSON.stringify(req.body?.messages ?? '');
  const promptHash = createHash('sha256').update(prompt).digest('base64url');
  return { atMs, promptChars: prompt.length, promptHash, isRefused: code !== undefined };
}

function remember(byKey: Map<string, SeenRequest[]>, key: string, seen: SeenRequest): SeenRequest[] {
  const requests = [...(byKey.get(key) ?? []), seen].slice(-windowLength);
  byKey.delete(key);
  byKey.set(key, requests);
  for (const oldest of byKey.keys()) {
    if (byKey.size <= mostKeys) break;
    byKey.delete(oldest);
  }
  return requests;
}
