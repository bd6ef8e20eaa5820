import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { memoryAlerts } from '@tollgate/core';
import { simulateProvider } from '@tollgate/simulator';
import { type Mitigation, memoryKeys, webhook } from 'tollgate';
import { createApp } from './app.js';
import { type Asking, agentsKey, beginsAtMs, endsAtMs, tenants, theNight } from './night.js';
import { startReceiver } from './receiver.js';
import { solve } from './solve.js';

/** A notice as the receiver got it. */
interface Told {
  readonly atMs: number;
  readonly event: string;
  readonly severity: string;
  readonly key: string;
  readonly title: string;
}

/** The outcome of a night. */
export interface Night {
  /** US dollars by tenant. */
  readonly bill: ReadonlyMap<string, number>;
  /** Requests that were not answered with 200, by who made them. */
  readonly refused: Readonly<Record<Asking['by'], number>>;
  readonly told: readonly Told[];
  readonly measures: readonly Mitigation[];
  /** Public ids of the keys, by tenant. */
  readonly keyIds: Readonly<Record<string, string>>;
}

/** How long a program waits that was refused. */
const patienceMs = 60_000;
/** How long a customer takes to put a new key in place. */
const deployMs = 600_000;
const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

/** Plays the night against a real app, a simulated provider and a receiver of alerts, by a clock that jumps from call to call. */
export async function play({ isWatched }: { isWatched: boolean }): Promise<Night> {
  const provider = await simulateProvider();
  provider.script(({ rawBody }) => ({ tokens: rawBody.includes('gpt-5-pro') ? 1_500 : 300 }));
  const receiver = await startReceiver();
  let nowMs = beginsAtMs;
  const now = (): number => nowMs;
  const keys = memoryKeys([], { now });
  const made = Object.fromEntries(
    [...tenants, agentsKey].map((name) => [
      name,
      keys.create({ tenant: name.split('/')[0] ?? '', plan: 'pro' }),
    ]),
  );
  /** Keys of customers that have got a new one. */
  const held: Record<string, string> = {};
  const deployed: { tenant: string; key: string; atMs: number }[] = [];
  const bill = new Map<string, number>();
  const measures: Mitigation[] = [];
  const { app, tg } = createApp({
    ...{ providerUrl: provider.openAiUrl, keys, now },
    spent: ({ tenant, costNanoUsd }) =>
      void bill.set(tenant, (bill.get(tenant) ?? 0) + Number(costNanoUsd) / 1e9),
    ...(isWatched && {
      watched: {
        alerts: {
          to: [webhook({ url: receiver.url, secret })],
          // A receiver may take long by a clock that jumps.
          ...{ pollMs: 10, now, store: memoryAlerts({ nowMs: now }), deadlineMs: 600_000 },
        },
        onMitigation: (measure: Mitigation) => void measures.push(measure),
        deliver: ({ tenant = '', key }) => void deployed.push({ tenant, key, atMs: nowMs + deployMs }),
      },
    }),
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;

  const refused = { customer: 0, agent: 0, thief: 0 };
  const notBeforeMs = new Map<string, number>();
  const ask = (asking: Asking, solution = ''): Promise<Response> => {
    const { tenant, by, network, model, prompt } = asking;
    const own = by === 'customer' ? held[tenant] : undefined;
    const key = own ?? made[by === 'agent' ? agentsKey : tenant]?.key ?? '';
    return fetch(url, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...{ 'x-forwarded-for': network, ...(solution && { 'x-tollgate-solution': solution }) },
      },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: prompt }] }),
    });
  };
  for (const asking of theNight()) {
    nowMs = asking.atMs;
    for (const { tenant, key, atMs } of deployed) if (atMs <= nowMs) held[tenant] = key;
    const who = `${asking.by} ${asking.network}`;
    if (nowMs < (notBeforeMs.get(who) ?? 0)) continue;
    let answer = await ask(asking);
    await answer.arrayBuffer();
    const challenge = answer.headers.get('x-tollgate-challenge');
    if (challenge && asking.by !== 'thief') {
      answer = await ask(asking, solve(challenge));
      await answer.arrayBuffer();
    }
    if (answer.status === 200) continue;
    refused[asking.by] += 1;
    if (asking.by !== 'customer') notBeforeMs.set(who, nowMs + patienceMs);
  }
  nowMs = endsAtMs;
  server.close();
  server.closeAllConnections();
  await tg.close();
  await Promise.all([provider.close(), receiver.close()]);
  return {
    ...{ bill, refused, measures, told: receiver.received.map(toldIn) },
    keyIds: Object.fromEntries(Object.entries(made).map(([name, { keyId }]) => [name, keyId])),
  };
}

function toldIn(text: string): Told {
  const { type, timestamp, data } = JSON.parse(text);
  const { severity, key, title } = data;
  return { atMs: Date.parse(timestamp), event: type.replace('incident.', ''), severity, key, title };
}
