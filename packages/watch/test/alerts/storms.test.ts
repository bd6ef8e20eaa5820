import { describe, expect, it } from '@jest/globals';
import { memoryAlerts } from '@tollgate/core';
import { createManualClock } from '@tollgate/testkit';
import { Storms } from '../../src/alerts/storms.js';
import { type AlertNotice, type AlertReport, type AlertsOptions, alerts, callback } from '../../src/index.js';

const budget = (tenant: number, step = '80'): AlertReport => ({
  key: `budget/tenant=${tenant}`,
  ...{ kind: 'budget', severity: 'warning', title: `80 % of tenant ${tenant}'s budget is used`, step },
});

/** Everything that a receiver gets. */
async function notices(
  options: Partial<AlertsOptions>,
  raise: (report: (one: AlertReport) => void) => void,
): Promise<{ received: AlertNotice[]; dropped: number }> {
  const received: AlertNotice[] = [];
  const told = alerts({
    to: [callback((notice) => void received.push(notice))],
    store: memoryAlerts(),
    ignore: ['budget', 'store', 'provider', 'fault', 'switch', 'watch'],
    ...options,
  });
  raise(told.raise);
  await told.close({ graceMs: 10_000 });
  return { received, dropped: told.dropped };
}

describe('a storm of incidents', () => {
  it('of 4 000 budgets is 20 incidents and one for the rest, of which none is dropped', async () => {
    const { received, dropped } = await notices({}, (raise) => {
      for (let tenant = 0; tenant < 4_000; tenant += 1) raise(budget(tenant));
    });
    expect(dropped).toBe(0);
    const singles = received.filter(({ incident }) => incident.key.startsWith('budget/'));
    expect(singles).toHaveLength(20);
    const joined = received.filter(({ incident }) => incident.key === 'storm/budget/warning');
    expect(joined.map(({ event, incident }) => [event, incident.facts.incidents])).toEqual([
      ['opened', 1],
      ['updated', 10],
      ['updated', 100],
      ['updated', 1000],
    ]);
    expect(joined.at(-1)?.incident.title).toBe(
      "Many incidents: 1000 further ones about budgets are not reported one by one, e.g.: 80 % of tenant 20's budget is used",
    );
  });

  it('lets news of incidents through that were reported one by one, and other kinds', async () => {
    const { received } = await notices({ storm: { incidents: 2, withinMs: 60_000 } }, (raise) => {
      for (let tenant = 0; tenant < 10; tenant += 1) raise(budget(tenant));
      raise(budget(1, '100'));
      raise({ key: 'provider/openai', kind: 'provider', severity: 'error', title: 'It fails' });
      raise({ ...budget(77), severity: 'critical' });
    });
    expect(received.map(({ event, incident }) => `${event} ${incident.key}`).sort()).toEqual([
      'opened budget/tenant=0',
      'opened budget/tenant=1',
      'opened budget/tenant=77',
      'opened provider/openai',
      'opened storm/budget/warning',
      'updated budget/tenant=1',
    ]);
  });

  it('of mild reports hides no severe one: each severity is counted separately', async () => {
    const pager: string[] = [];
    await notices(
      {
        storm: { incidents: 2, withinMs: 60_000 },
        to: [callback(({ incident }) => void pager.push(incident.key), { atLeast: 'error' })],
      },
      (raise) => {
        for (let tenant = 0; tenant < 50; tenant += 1) raise({ ...budget(tenant), severity: 'info' });
        for (let tenant = 50; tenant < 55; tenant += 1) raise({ ...budget(tenant), severity: 'error' });
      },
    );
    expect(pager).toEqual(['budget/tenant=50', 'budget/tenant=51', 'storm/budget/error']);
  });

  it('is nothing special where the app says so', async () => {
    const { received } = await notices({ storm: false }, (raise) => {
      for (let tenant = 0; tenant < 100; tenant += 1) raise(budget(tenant));
    });
    expect(received).toHaveLength(100);
  });

  it('ends after a quiet time, and the next one is a new incident', () => {
    const clock = createManualClock(1_700_000_000_000);
    const storms = new Storms({ incidents: 1, withinMs: 1_000 });
    const take = (tenant: number) => storms.take(budget(tenant), clock.now());
    expect(take(1)?.key).toBe('budget/tenant=1');
    const first = take(2);
    expect([first?.key, take(3), take(2)]).toEqual(['storm/budget/warning', undefined, undefined]);
    clock.advance(1_000);
    expect(take(4)?.key).toBe('budget/tenant=4');
    clock.advance(900_000);
    expect(take(5)?.key).toBe('budget/tenant=5');
    const next = take(2);
    expect([next?.key, next?.facts?.incidents]).toEqual(['storm/budget/warning', 1]);
    expect(next?.step).not.toBe(first?.step);
  });

  it.each([[{ incidents: 0 }], [{ withinMs: 5 }], [{ incident: 5 }], [true], ['off']])(
    'is not configured by %j',
    (storm) => {
      expect(() => alerts({ to: [callback(() => undefined)], storm: storm as never })).toThrow(/"storm"/);
    },
  );
});
