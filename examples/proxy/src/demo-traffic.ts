import { setTimeout as delay } from 'node:timers/promises';
import type { Tollgate } from 'tollgate';

/** One of the demo's clients: how often it asks, and what. */
interface Client {
  readonly team: string;
  readonly user: string;
  readonly everyMs: number;
  readonly path: string;
  readonly model: string;
  readonly prompts: readonly string[];
}

const chat = '/v1/chat/completions';
const teams: readonly Client[] = [
  {
    team: 'research',
    user: 'rosa',
    everyMs: 1_500,
    path: chat,
    model: 'gpt-5',
    prompts: ['Compare these papers.', 'Summarise chapter four.'],
  },
  {
    team: 'support',
    user: 'sam',
    everyMs: 600,
    path: chat,
    model: 'gpt-5-mini',
    prompts: ['Where is my parcel?', 'I want my money back.', 'Do you ship to Norway?'],
  },
  {
    team: 'product',
    user: 'petra',
    everyMs: 2_000,
    path: '/v1/messages',
    model: 'claude-haiku-4-5',
    prompts: ['Name this feature.', 'Write the release notes.'],
  },
];
/** Plan, act, look, plan, act, look: it never notices that it is done. */
const runaway: Client = {
  ...{ team: 'support', user: 'night-agent', everyMs: 250, path: chat, model: 'gpt-5-pro' },
  prompts: ['Step 1 of the nightly report.', 'Step 2 of the nightly report.'],
};
/** The rest of each of its prompts: long enough that it costs more than `watch()` lets pass. */
const baggage = ' All that was said before.'.repeat(300);
/** The demo's keys end by themselves. */
const keyLifeMs = 86_400_000;

/**
 * Sends traffic of three teams to the app until it is aborted, and from half a minute on that of an agent that does not stop by itself, until
 * `watch()` suspends its key: for the dashboard to have something to show. Rejects where the keys cannot be made.
 */
export async function sendDemoTraffic(
  url: string,
  registry: NonNullable<Tollgate['registry']>,
  signal: AbortSignal,
  say: (line: string) => void,
  agentStartsMs = 30_000,
): Promise<void> {
  const keys = await Promise.all([...teams, runaway].map((client) => keyOf(registry, client)));
  const running = teams.map((client, index) => send(url, client, keys[index] ?? '', signal, say));
  running.push(
    delay(agentStartsMs, undefined, { signal, ref: false }).then(() => {
      say('demo: the agent of team support begins to loop on gpt-5-pro');
      return send(url, runaway, keys.at(-1) ?? '', signal, say);
    }),
  );
  await Promise.allSettled(running);
}

async function keyOf(registry: NonNullable<Tollgate['registry']>, { team, user }: Client): Promise<string> {
  const facts = { tenant: 'demo-company', team, user, plan: 'pro', name: `demo: ${user}` };
  return (await registry.keys.create({ ...facts, expiresAtMs: Date.now() + keyLifeMs })).key;
}

async function send(
  url: string,
  { path, model, prompts, everyMs, user }: Client,
  key: string,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  for (let turn = 0; !signal.aborted; turn += 1) {
    const isAgent = user === runaway.user;
    const prompt = prompts[turn % prompts.length];
    const content = isAgent ? prompt + baggage : `${prompt} (${turn})`;
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, max_tokens: 200, messages: [{ role: 'user', content }] }),
      signal,
    });
    await answer.text();
    if (isAgent && answer.status === 403) {
      say('demo: watch() has suspended the agent: see Incidents on the dashboard, where it can be undone');
      return;
    }
    await delay(everyMs, undefined, { signal, ref: false });
  }
}
