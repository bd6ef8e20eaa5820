import { defaultPolicy, IsolationForest, type Mitigation, type PolicyRule } from '@tollgate/watch';
import express, { type Express } from 'express';
import { type memoryKeys, openai, type Tollgate, tollgate } from 'tollgate';
import { featureNames, featuresOf, windowLength } from './features.js';
import { forestDetector, type Scored } from './forest-detector.js';
import { person } from './traffic.js';

const tenMinutesMs = 600_000;

/** After the default policy, which blocks networks that stuff credentials: tag, reduce limits, challenge. The last rule that matches applies. */
const policy: readonly PolicyRule[] = [
  ...defaultPolicy,
  { detectors: ['forest'], minScore: 4, action: { do: 'tag', forMs: tenMinutesMs } },
  { detectors: ['forest'], minScore: 5, action: { do: 'tighten', factor: 0.25, forMs: tenMinutesMs } },
  {
    detectors: ['forest'],
    minScore: 6,
    action: { do: 'challenge', forMs: tenMinutesMs, leastBits: 4, mostBits: 12 },
  },
];

/** Rows of ordinary traffic, from which the forest learns what is usual. In production: your own, from a quiet week. */
export function usualRows(people: number, seed: number): number[][] {
  return Array.from({ length: people }, (_, index) => {
    const requests = person('p', 'k', 'n', 0, windowLength, seed + index).map(({ atMs, prompt }) => ({
      atMs,
      promptChars: prompt.length + 40,
      promptHash: prompt,
      isRefused: false,
    }));
    return featuresOf(requests) ?? [];
  });
}

/** Settings of the app. */
export interface AppSettings {
  readonly providerUrl: string;
  readonly keys: ReturnType<typeof memoryKeys>;
  readonly now: () => number;
  readonly onScore: (scored: Scored) => void;
  readonly onMitigation: (mitigation: Mitigation) => void;
}

export function createApp({ providerUrl, keys, now, onScore, onMitigation }: AppSettings): {
  app: Express;
  tg: Tollgate;
  threshold: number;
} {
  const forest = IsolationForest.train(usualRows(400, 1), { features: featureNames, seed: 7 });
  // One of five hundred ordinary rows may score higher, of rows that it was not trained with.
  const threshold = forest.thresholdFor(0.002, usualRows(1_000, 5_000));
  const tg = tollgate({
    plans: { pro: { requests: '240/min' } },
    keys,
    now,
    log: false,
    watch: {
      detectors: [forestDetector(forest, threshold, onScore)],
      policy,
      onMitigation,
      // Seven tenants play here; in production the default keeps one detector from stopping many customers.
      blastRadius: { share: 1, withinMs: tenMinutesMs },
    },
  });
  const app = express();
  app.set('trust proxy', 1);
  app.use('/v1', tg.guards());
  app.post(
    '/v1/chat/completions',
    tg.proxy({ provider: openai({ apiKey: 'simulated', baseUrl: providerUrl }) }),
  );
  app.use(tg.errors());
  return { app, tg, threshold };
}
