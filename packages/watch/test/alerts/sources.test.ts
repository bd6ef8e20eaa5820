import { afterEach, describe, expect, it } from '@jest/globals';
import { memoryAlerts } from '@tollgate/core';
import { type ChannelName, publish as publishWhole } from '@tollgate/core/internal';
import {
  type AlertNotice,
  type Alerts,
  type AlertsOptions,
  alerts,
  callback,
  type Finding,
  type Mitigation,
} from '../../src/index.js';

/** The payloads here have only the fields that matter. */
const publish = publishWhole as (name: ChannelName, facts: () => object) => void;

const day = new Date().toISOString().slice(0, 10);
const crossing = (threshold: number, more = {}) => ({
  counter: 'usd/day/tenant=acme',
  window: day,
  unit: 'usd',
  limit: 2_000_000_000,
  used: threshold * 2_000_000_000,
  threshold,
  ...more,
});

describe('what alerts listen for', () => {
  const notices: AlertNotice[] = [];
  let running: Alerts;
  const start = (more: Partial<AlertsOptions> = {}): void => {
    const to = [callback((notice) => void notices.push(notice))];
    running = alerts({ to, pollMs: 10, lastsMs: 0, ...more });
  };
  afterEach(async () => {
    await running.close();
    notices.length = 0;
  });
  const until = async (count: number): Promise<string[]> => {
    while (notices.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    await running.close();
    return notices.map(({ event, incident }) => `${event} ${incident.severity} ${incident.key}`);
  };

  it('tells each share of a budget once per window, in one incident, with figures', async () => {
    start();
    for (const threshold of [0.5, 0.8, 1, 1, 0.5]) publish('tollgate:threshold', () => crossing(threshold));
    publish('tollgate:threshold', () => crossing(0.5, { window: '2020-01-01' }));
    publish('tollgate:threshold', () =>
      crossing(0.5, { unit: 'requests', counter: 'requests/day/tenant=acme' }),
    );
    const key = `budget/usd/day/tenant=acme/${day}`;
    expect((await until(4)).sort()).toEqual(
      [
        `opened info ${key}`,
        `updated warning ${key}`,
        `updated error ${key}`,
        'opened info budget/usd/day/tenant=acme/2020-01-01',
      ].sort(),
    );
    const last = notices.filter(({ incident }) => incident.key === key).at(-1)?.incident;
    expect(last?.title).toBe(`100 % used of the spend limit per day of tenant acme (${day}): $2.00 of $2.00`);
    expect(last?.facts).toMatchObject({ limit: '$2.00', used: '$2.00', percent: 100 });
    expect(last?.timeline).toHaveLength(3);
  });

  it('tells what is unresolved of a budget where that is known, and the budget in any case', async () => {
    const asked: string[][] = [];
    start({
      unresolved: async (counter, window) => {
        asked.push([counter, window]);
        if (counter.includes('away')) throw new Error('no ledger');
        return counter.includes('unknown') ? undefined : 500_000_000;
      },
    });
    for (const tenant of ['acme', 'away', 'unknown']) {
      publish('tollgate:threshold', () => crossing(0.8, { counter: `usd/day/tenant=${tenant}` }));
    }
    // `close()` waits for look-ups that are in progress.
    await running.close();
    expect(asked).toContainEqual(['usd/day/tenant=acme', day]);
    const told = notices.map(({ incident }) => [incident.facts?.counter, incident.facts?.unresolved]);
    expect(new Map(told as [string, unknown][])).toEqual(
      new Map<string, unknown>([
        ['usd/day/tenant=acme', '$0.50'],
        ['usd/day/tenant=away', undefined],
        ['usd/day/tenant=unknown', undefined],
      ]),
    );
  });

  it('asks for what is unresolved of sixteen at once, and tells the others without', async () => {
    let asked = 0;
    let answer: (amount: number) => void = () => undefined;
    const told = new Promise<number>((resolve) => {
      answer = resolve;
    });
    start({
      storm: false,
      unresolved: () => {
        asked += 1;
        return told;
      },
    });
    for (let index = 0; index < 40; index += 1) {
      publish('tollgate:threshold', () => crossing(0.8, { counter: `usd/day/tenant=t${index}` }));
    }
    await new Promise(setImmediate);
    expect(asked).toBe(16);
    answer(1_000_000_000);
    await until(40);
    expect(notices.filter(({ incident }) => incident.facts?.unresolved === '$1.00')).toHaveLength(16);
    expect(notices).toHaveLength(40);
  });

  it('ends a budget’s incident with its window, whatever the time zone, and does not open it again', async () => {
    let now = Date.UTC(2026, 9, 24, 21, 59, 59);
    start({ now: () => now });
    const counter = 'usd/day@Europe/Berlin/tenant=acme';
    // What stores that other files left open say is heard here, too.
    const told = () =>
      notices
        .filter(({ incident }) => incident.key.includes(counter))
        .map(({ event, incident }) => [event, incident.resolution]);
    publish('tollgate:threshold', () => crossing(1, { counter, window: '2026-10-24' }));
    while (told().length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    now += 1_500;
    while (told().length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    publish('tollgate:threshold', () => crossing(0.5, { counter, window: '2026-10-24' }));
    await running.close();
    expect(told()).toEqual([
      ['opened', undefined],
      ['resolved', 'its window has ended'],
    ]);
  });

  it('tells that a store or a provider is away, and that it is back', async () => {
    start();
    publish('tollgate:store', () => ({ store: 'redis', server: 'a:1', state: 'down' }));
    publish('tollgate:upstream', () => ({ target: 'openai/gpt-5', breaker: 'open', openMs: 1_000 }));
    publish('tollgate:upstream', () => ({ provider: 'anthropic', status: 401, credential_refused: true }));
    while (notices.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    publish('tollgate:store', () => ({ store: 'redis', server: 'a:1', state: 'up' }));
    publish('tollgate:upstream', () => ({ target: 'openai/gpt-5', breaker: 'closed' }));
    expect((await until(5)).sort()).toEqual([
      'opened critical provider/anthropic/credential',
      'opened error provider/openai/gpt-5',
      'opened error store/redis/a:1',
      'resolved error provider/openai/gpt-5',
      'resolved error store/redis/a:1',
    ]);
  });

  it('says nothing of a store that was away for a moment', async () => {
    start({ lastsMs: 50 });
    publish('tollgate:store', () => ({ store: 'redis', state: 'down' }));
    publish('tollgate:store', () => ({ store: 'redis', state: 'up' }));
    publish('tollgate:store', () => ({ store: 'postgres', state: 'down' }));
    expect(await until(1)).toEqual(['opened error store/postgres']);
  });

  it('tells where a fault was, not what it said', async () => {
    start();
    publish('tollgate:fault', () => ({
      where: 'budget.onThreshold',
      error: 'Error: the prompt was: hunter2',
    }));
    publish('tollgate:fault', () => ({ source: 'alerts', what: 'not received' }));
    publish('tollgate:fault', () => ({ source: 'quota-store', operation: 'alerts', fault: 'deadline' }));
    expect(await until(1)).toEqual(['opened warning fault/budget.onThreshold']);
    expect(JSON.stringify(notices)).not.toContain('hunter2');
  });

  it('tells what is switched off, and on again', async () => {
    start();
    publish('tollgate:switch', () => ({ version: '1', off: ['tenant:acme', 'key:k1'], first: true }));
    publish('tollgate:switch', () => ({ version: '2', off: ['key:k1'], first: false }));
    expect((await until(3)).sort()).toEqual([
      'opened error switch/tenant:acme',
      'opened warning switch/key:k1',
      'resolved error switch/tenant:acme',
    ]);
  });

  const measureOf = (changes: Partial<Mitigation> = {}, finding: Partial<Finding> = {}): Mitigation => ({
    id: 'm1',
    atMs: 1_000,
    action: { do: 'tag', forMs: 60_000 },
    target: { kind: 'key', name: 'k1', tenant: 'acme' },
    untilMs: 61_000,
    outcome: 'applied',
    ...changes,
    finding: {
      ...{
        detector: 'spend',
        subject: { kind: 'key', name: 'k1', tenant: 'acme' },
        atMs: 1_000,
        score: 5.04,
      },
      features: [{ feature: 'usdIn5Minutes', expected: 0.25, seen: 4 }],
      contributors: [{ kind: 'key', name: 'k1', share: 0.93 }],
      ...finding,
    },
  });
  const suspended = { action: { do: 'suspend', forMs: 60_000, cutsRunning: true } } as const;
  const act = (...measures: Mitigation[]): void => {
    for (const one of measures) publish('tollgate:watch', () => ({ ...one }));
  };

  it('tells what watch() does as one incident for each culprit, whatever was found of whom, with its cause', async () => {
    start();
    const tenant = { subject: { kind: 'tenant', name: 'acme', tenant: 'acme' } } as const;
    const all = { subject: { kind: 'global', name: '' } } as const;
    act(
      measureOf({ action: { do: 'observe' } }),
      measureOf(),
      measureOf({ id: 'm2', target: tenant.subject }, tenant),
      measureOf({ id: 'm3' }, all),
      measureOf(suspended, { ...tenant, score: 9 }),
      measureOf({ ...suspended, id: 'm5' }),
      measureOf({ ...suspended, outcome: 'done-already' }),
    );
    publish('tollgate:switch', () => ({
      ...{ version: '1', first: true },
      ...{ off: ['key:k1', 'key:k2'], byWatch: ['key:k1'] },
    }));
    expect((await until(3)).sort()).toEqual(
      ['opened info watch/key/k1', 'updated error watch/key/k1', 'opened warning switch/key:k2'].sort(),
    );
    const last = notices.findLast(({ event }) => event === 'updated')?.incident;
    expect(last?.title).toBe(
      'Suspended: key k1; spend of tenant acme, score 9.0: $4 in 5 minutes instead of $0.25',
    );
    expect(last?.facts).toMatchObject({
      ...{ detector: 'spend', score: 9, tenant: 'acme', contributor: 'key k1, 93 %' },
      ...{ 'usdIn5Minutes expected': 0.25, 'usdIn5Minutes seen': 4 },
    });
  });

  it('asks a person as loudly as it can, and tells of shadow mode quietly', async () => {
    start();
    act(measureOf({ ...suspended, outcome: 'withheld', id: 'm7' }));
    act(
      measureOf(
        { ...suspended, outcome: 'shadow' },
        { subject: { kind: 'key', name: 'k2', tenant: 'acme' } },
      ),
    );
    expect((await until(2)).sort()).toEqual(['opened critical watch/key/k1', 'opened info watch/key/k2']);
    expect(notices.map(({ incident }) => incident.title).sort()).toEqual([
      'Suspended only when a person confirms it: key k1; spend of key k1, score 5.0: $4 in 5 minutes instead of $0.25',
      'Suspended, had this not been shadow mode: key k1; spend of key k2, score 5.0: $4 in 5 minutes instead of $0.25',
    ]);
    expect(notices.find(({ incident }) => incident.key.endsWith('k1'))?.incident.facts.confirm).toBe('m7');
  });

  it('ends such an incident when its longest measure is over and nothing came after it', async () => {
    let now = 1_000_000;
    start({ now: () => now, store: memoryAlerts({ nowMs: () => now }) });
    act(measureOf({ untilMs: 11_000 }), measureOf({ ...suspended, untilMs: 61_000 }));
    while (notices.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    // Looked at when it might have ended by its first measure, and again.
    for (const passMs of [20_000, 60_000, 39_999]) {
      now += passMs;
      running.raise({ key: `after ${passMs}`, kind: 'custom', severity: 'info', title: 'another' });
      const said = notices.length + 1;
      while (notices.length < said) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(notices.map(({ event }) => event)).not.toContain('resolved');
    now += 1;
    expect((await until(6))[5]).toBe('resolved error watch/key/k1');
  });

  it('ends what nobody sees any more, and does not listen for what it is told to ignore', async () => {
    start({ ignore: ['switch'] });
    publish('tollgate:switch', () => ({ version: '1', off: ['tenant:acme'], first: true }));
    running.raise({ key: 'k', kind: 'anomaly', severity: 'error', title: 't', quietMs: 50 });
    expect(await until(2)).toEqual(['opened error k', 'resolved error k']);
    expect(notices[1]?.incident.resolution).toBe('nothing was seen of it any more');
  });
});
