import type { AlertsOptions, PolicyRule, RotatedKey } from '@tollgate/watch';
import express, { type Express } from 'express';
import {
  callbackSink,
  type Mitigation,
  type memoryKeys,
  openai,
  type Tollgate,
  tollgate,
  type UsageEvent,
} from 'tollgate';

/** The action for each finding, from the mildest to the hardest; the last rule that matches applies. */
const policy: readonly PolicyRule[] = [
  {
    // A client that solves a challenge may continue; a thief that has only the key may not.
    detectors: ['spend', 'key-sharing'],
    subjects: ['key', 'tenant'],
    minScore: 5,
    action: { do: 'challenge', forMs: 3_600_000, leastBits: 4, mostBits: 12 },
  },
  {
    // The owner has half an hour to put the new key in place.
    detectors: ['key-sharing'],
    minScore: 6,
    action: { do: 'rotate', overlapMs: 1_800_000 },
  },
  {
    detectors: ['spend'],
    subjects: ['key', 'tenant'],
    minScore: 7,
    action: { do: 'suspend', forMs: 900_000, cutsRunning: true },
  },
  {
    detectors: ['agent-loop'],
    minScore: 6,
    action: { do: 'suspend', forMs: 900_000, cutsRunning: true },
  },
];

/** Settings of the app. */
export interface AppSettings {
  readonly providerUrl: string;
  readonly keys: ReturnType<typeof memoryKeys>;
  /** The clock of the simulated night. */
  readonly now: () => number;
  readonly spent: (event: UsageEvent) => void;
  /** Absent: nothing is watched. */
  readonly watched?: {
    readonly alerts: AlertsOptions;
    readonly onMitigation: (measure: Mitigation) => void;
    /** Gives a customer its new key, in real life by e-mail or a secret manager. */
    readonly deliver: (rotated: RotatedKey) => void;
  };
}

/** A proxy for OpenAI's chat completions. */
export function createApp({ providerUrl, keys, now, spent, watched }: AppSettings): {
  app: Express;
  tg: Tollgate;
} {
  const tg = tollgate({
    plans: { pro: { requests: '60/min' } },
    keys,
    sinks: [callbackSink(spent)],
    authenticate: { now },
    rateLimit: { now },
    meter: { promptHashSecret: 'tells prompts apart, shows none' },
    ...(watched && {
      alerts: watched.alerts,
      watch: {
        policy,
        onMitigation: watched.onMitigation,
        rotation: { keys, deliver: watched.deliver },
        now,
      },
    }),
  });
  const app = express();
  app.set('trust proxy', 1);
  app.use('/v1', tg.guards());
  app.post(
    '/v1/chat/completions',
    tg.proxy({ provider: openai({ apiKey: 'simulated', baseUrl: providerUrl }) }),
  );
  app.use(tg.errors());
  return { app, tg };
}
