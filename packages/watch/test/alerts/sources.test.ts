import { afterEach, describe, expect, it } from '@jest/globals';
import { publish } from '@tollgate/core';
import { type AlertNotice, type Alerts, type AlertsOptions, alerts, callback } from '../../src/index.js';

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
    publish('tollgate:threshold', () => crossing(0.5, { unit: 'tokens', counter: 'tokens/day/tenant=acme' }));
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
    expect(last?.title).toBe(`100 % of $2.00 used: usd/day/tenant=acme, ${day}`);
    expect(last?.facts).toMatchObject({ limit: '$2.00', used: '$2.00', percent: 100 });
    expect(last?.timeline).toHaveLength(3);
  });

  it('ends a budget’s incident with its window, whatever the time zone, and does not open it again', async () => {
    let now = Date.UTC(2026, 9, 24, 21, 59, 59);
    start({ now: () => now });
    const counter = 'usd/day@Europe/Berlin/tenant=acme';
    publish('tollgate:threshold', () => crossing(1, { counter, window: '2026-10-24' }));
    while (notices.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    now += 1_500;
    while (notices.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    publish('tollgate:threshold', () => crossing(0.5, { counter, window: '2026-10-24' }));
    await running.close();
    expect(notices.map(({ event, incident }) => [event, incident.resolution])).toEqual([
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
    await new Promise((resolve) => setTimeout(resolve, 100));
    running.raise({ key: 'last', kind: 'custom', severity: 'info', title: 'the last one' });
    expect(await until(1)).toEqual(['opened info last']);
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

  it('ends what nobody sees any more, and does not listen for what it is told to ignore', async () => {
    start({ ignore: ['switch'] });
    publish('tollgate:switch', () => ({ version: '1', off: ['tenant:acme'], first: true }));
    running.raise({ key: 'k', kind: 'anomaly', severity: 'error', title: 't', quietMs: 50 });
    expect(await until(2)).toEqual(['opened error k', 'resolved error k']);
    expect(notices[1]?.incident.resolution).toBe('nothing was seen of it any more');
  });
});
