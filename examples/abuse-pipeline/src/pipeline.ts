import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { simulateProvider } from '@tollgate/simulator';
import type { Mitigation } from '@tollgate/watch';
import { memoryKeys } from 'tollgate';
import { createApp } from './app.js';
import { type PlannedRequest, person, scraper, stuffer } from './traffic.js';

/** The answers that one participant got. */
interface Outcome {
  readonly who: string;
  asked: number;
  answered: number;
  /** By error code. */
  readonly refused: Record<string, number>;
  /** The highest score of the forest, where it was scored. */
  score: number;
}

/** The result of about twenty minutes of traffic, on a simulated clock. */
export interface Played {
  readonly outcomes: readonly Outcome[];
  readonly mitigations: readonly Mitigation[];
  readonly threshold: number;
  readonly scoredKeys: number;
}

/** Sends the traffic of six customers, a scraper and a network that stuffs credentials. */
export async function play(tell: (line: string) => void = () => undefined): Promise<Played> {
  const startMs = Date.UTC(2026, 10, 3, 9);
  let nowMs = startMs;
  const now = () => nowMs;
  const provider = await simulateProvider({ now });
  const keys = memoryKeys([], { now });
  const outcomes = new Map<string, Outcome>();
  const owners = new Map<string, string>();
  const outcomeOf = (who: string): Outcome => {
    const known = outcomes.get(who) ?? { who, asked: 0, answered: 0, refused: {}, score: 0 };
    outcomes.set(who, known);
    return known;
  };
  const keyOf = (who: string): string => {
    const { key, keyId } = keys.create({ tenant: who, plan: 'pro' });
    owners.set(keyId, who);
    return key;
  };
  const mitigations: Mitigation[] = [];
  const scored = new Set<string>();
  const { app, tg, threshold } = createApp({
    ...{ providerUrl: provider.openAiUrl, keys, now },
    onScore: ({ key, score }) => {
      scored.add(key);
      const outcome = outcomeOf(owners.get(key) ?? key);
      outcome.score = Math.max(outcome.score, score);
    },
    onMitigation: (mitigation) => {
      mitigations.push(mitigation);
      const { action, target, finding } = mitigation;
      if (action.do === 'observe') return;
      const who = owners.get(target.name) ?? target.name;
      const at = new Date(nowMs).toISOString().slice(11, 19);
      tell(`${at}  ${action.do.padEnd(9)} ${who}: ${finding.detector}, score ${finding.score.toFixed(1)}`);
    },
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;

  const people = ['ann', 'ben', 'cleo', 'dan', 'eve', 'finn'];
  const planned: PlannedRequest[] = people.flatMap((who, index) =>
    person(who, keyOf(who), `203.0.113.${index + 1}`, startMs, 60, 100 + index),
  );
  planned.push(...scraper('scraper', keyOf('scraper'), '198.51.100.7', startMs + 300_000, 120));
  planned.push(...stuffer('stuffer', '192.0.2.66', startMs + 420_000, 60));
  planned.sort((one, other) => one.atMs - other.atMs);

  for (const { who, atMs, network, key, prompt } of planned) {
    nowMs = Math.max(nowMs, Math.round(atMs));
    const outcome = outcomeOf(who);
    outcome.asked += 1;
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key ?? `tg_live_guess${outcome.asked}`}`,
        'content-type': 'application/json',
        'x-forwarded-for': network,
      },
      body: JSON.stringify({ model: 'gpt-5-mini', messages: [{ role: 'user', content: prompt }] }),
    });
    const body = (await response.json()) as { error?: { code: string } };
    if (body.error) outcome.refused[body.error.code] = (outcome.refused[body.error.code] ?? 0) + 1;
    else outcome.answered += 1;
  }
  server.close();
  server.closeAllConnections();
  await tg.close({ graceMs: 500 });
  await provider.close();
  return { outcomes: [...outcomes.values()], mitigations, threshold, scoredKeys: scored.size };
}
