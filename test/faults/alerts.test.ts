import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { redisSwitch } from '@tollgate/redis';
import {
  type Received,
  type Receiver,
  type RedisProcess,
  startReceiver,
  startRedis,
} from '@tollgate/testkit';
import { bundledProgram } from '@tollgate/testkit/bundled-program';
import { createClient } from 'redis';
import { Webhook } from 'standardwebhooks';
import type { AlertsCommand, AlertsSettings } from './alerts-settings.js';

const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
const program = bundledProgram(import.meta.dirname, 'alerts-process');
const children = new Set<ChildProcess>();
let redis: RedisProcess;
let receiver: Receiver;

beforeEach(async () => {
  redis = await startRedis();
  receiver = await startReceiver();
});
afterEach(async () => {
  await Promise.all([...children].map(kill));
  await receiver.close();
  await redis.stop();
});

async function kill(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function start(count: number, deadlineMs = 5_000, patienceMs = 30_000): Promise<ChildProcess[]> {
  const settings: AlertsSettings = {
    redisUrl: redis.url,
    receiverUrl: receiver.url,
    secret,
    deadlineMs,
    patienceMs,
  };
  const started = Array.from({ length: count }, () => fork(program, [JSON.stringify(settings)]));
  for (const child of started) children.add(child);
  await Promise.all(started.map((child) => once(child, 'message')));
  return started;
}

async function tell(processes: readonly ChildProcess[], command: AlertsCommand): Promise<void> {
  await Promise.all(
    processes.map((child) => {
      const done = once(child, 'message');
      child.send(command);
      return done;
    }),
  );
}

interface Body {
  readonly type: string;
  readonly data: {
    readonly key: string;
    readonly severity: string;
    readonly id: string;
    readonly facts: { readonly percent?: number };
  };
}

/** What was received, each checked as a receiver would. */
const bodiesOf = (received: readonly Received[]): Body[] =>
  received.map(({ headers, text }) => {
    const plain = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    return new Webhook(secret).verify(text, Object.fromEntries(plain)) as Body;
  });
const said = ({ type, data }: Body): string =>
  `${type} ${data.severity} ${data.key.replace(/\d{4}-\d\d$/, '')}`;

/**
 * Each share of the budget was told once, the first as the incident's beginning; returns what else was told. Which process writes its share down
 * first is open, and with it how bad the incident was when it was told.
 */
function expectShares(bodies: readonly Body[], percents: readonly number[]): Body[] {
  const ofBudget = bodies.filter(({ data }) => data.key.startsWith('budget/usd/month/tenant=acme/key=job/'));
  const told = ofBudget.map(({ data }) => data.facts.percent ?? 0).sort((one, other) => one - other);
  expect(told).toEqual(percents);
  expect(ofBudget.map(({ type }) => type).sort()).toEqual(
    percents.map((_, index) => (index === 0 ? 'incident.opened' : 'incident.updated')),
  );
  return bodies.filter((body) => !ofBudget.includes(body));
}

/** What was received, each notification once: one whose receipt comes late, as on a busy machine, is sent again under the same id. */
const takenOnce = (): Received[] => [
  ...new Map(receiver.taken.map((one) => [one.headers['webhook-id'], one])).values(),
];

/** Everything is told, and a while later nothing more: each process has asked ten times for what may be left. */
async function untilTold(count: number): Promise<Body[]> {
  const late = delay(30_000, undefined, { ref: false }).then((): never => {
    throw new Error(`told only: ${bodiesOf(receiver.taken).map(said).join(', ')}`);
  });
  while (takenOnce().length < count) {
    await Promise.race([receiver.untilTaken(Math.max(count, receiver.taken.length + 1)), late]);
  }
  await delay(500);
  return bodiesOf(takenOnce());
}

describe('alerts of 4 processes on one Redis', () => {
  it('come exactly once for each threshold, window and incident, through a receiver that is cut off, fails, limits and hangs', async () => {
    receiver.answer = (index) => {
      if (index < 4) return 'cut';
      if (index < 8) return { status: 500 };
      if (index < 10) return { status: 429, headers: { 'retry-after': '1' } };
      if (index < 12) return 'hang';
      // Then one in three fails, whichever it is.
      return { status: index % 3 === 0 ? 503 : 200 };
    };
    const processes = await start(4);
    await tell(processes, { what: 'raise', key: 'runaway/acme', severity: 'warning' });
    await tell(processes, { what: 'spend', cents: 60 });
    await tell(processes, { what: 'raise', key: 'runaway/acme', severity: 'error' });
    const client = await createClient({ url: redis.url }).connect();
    const off = redisSwitch({ client, deadlineMs: 5_000 });
    const entry = {
      kind: 'tenant',
      name: 'acme',
      reason: 'r',
      by: 'ann',
      sinceMs: 1,
      cutsRunning: false,
    } as const;
    await off.turnOff(entry);
    client.destroy();
    await untilTold(6);
    await tell(processes, { what: 'resolve', key: 'runaway/acme' });
    const bodies = await untilTold(7);
    const rest = expectShares(bodies, [50, 80, 100]);
    expect(rest.map(said).sort()).toEqual(
      [
        'incident.opened warning runaway/acme',
        'incident.updated error runaway/acme',
        'incident.resolved error runaway/acme',
        'incident.opened error switch/tenant:acme',
      ].sort(),
    );
    expect(new Set(bodies.map(({ data }) => data.id)).size).toBe(3);
    expect(takenOnce()).toHaveLength(7);
  }, 150_000);

  it('are told after all of them were killed while the receiver was away, by the next process that starts', async () => {
    const { port } = new URL(receiver.url);
    const processes = await start(4);
    await receiver.close();
    await tell(processes, { what: 'spend', cents: 20 });
    await tell(processes, { what: 'raise', key: 'runaway/acme', severity: 'warning' });
    const client = await createClient({ url: redis.url }).connect();
    // Three notices, and a look at the window's end.
    while ((await client.hLen('tollgate:{alerts}:work')) < 4);
    client.destroy();
    await Promise.all(processes.map(kill));
    receiver = await startReceiver(Number(port));
    await start(1);
    const bodies = await untilTold(3);
    expect(expectShares(bodies, [50, 80]).map(said)).toEqual(['incident.opened warning runaway/acme']);
  }, 150_000);

  it('say that Redis is away while it is, from a process that speaks for itself, and that it is back', async () => {
    await start(1, 200, 300);
    await redis.kill();
    await receiver.untilTaken(1);
    await redis.restart();
    const bodies = await untilTold(4);
    expect(bodies.map(said).sort()).toEqual([
      'incident.opened error store/redis',
      'incident.opened error store/switch',
      'incident.resolved error store/redis',
      'incident.resolved error store/switch',
    ]);
  }, 150_000);
});
