import { describe, expect, it } from '@jest/globals';
import { incidentKinds } from './incidents.js';
import { isActedOn, needsPeople, type Outcome, simulate } from './simulation.js';

const isLong = process.env.TOLLGATE_LONG === '1';
const scale = isLong
  ? { days: 30, tenants: 200, perKind: 12, seed: 1 }
  : { days: 12, tenants: 24, perKind: 2, seed: 1 };

describe('the default policy, over simulated weeks with labelled incidents', () => {
  it('acts on at least 95 % of incidents, and suspends hardly anybody else', async () => {
    const { outcomes, falseMeasures, tenantMonths, events, microsecondsPerEvent } = await simulate(scale);
    const acted = outcomes.filter(isActedOn);
    const falseSuspensions = [...falseMeasures]
      .filter(([what]) => what.startsWith('suspend'))
      .reduce((sum, [, count]) => sum + count, 0);
    const lines = [
      `${events} events, ${tenantMonths.toFixed(1)} tenant-months, ${microsecondsPerEvent.toFixed(0)} µs an event`,
      `acted on ${acted.length} of ${outcomes.length}, median after ${seconds(medianMs(outcomes))} s`,
      ...incidentKinds.map((kind) => lineOf(kind, outcomes)),
      `false measures: ${JSON.stringify(Object.fromEntries(falseMeasures))}`,
    ];
    if (isLong) process.stdout.write(`${lines.join('\n')}\n`);
    expect({ share: acted.length / outcomes.length >= 0.95, report: lines }).toMatchObject({ share: true });
    expect(falseSuspensions / tenantMonths).toBeLessThan(0.05);
  }, 900_000);
});

function lineOf(kind: (typeof incidentKinds)[number], outcomes: readonly Outcome[]): string {
  const some = outcomes.filter(({ incident }) => incident.kind === kind);
  const usd = some.map(({ usdUntilActed }) => usdUntilActed).sort((one, other) => one - other);
  const lost = usd[usd.length >> 1] ?? 0;
  return `${kind}: ${some.filter(isActedOn).length} of ${some.length}, median after ${seconds(medianMs(some))} s and $${lost.toFixed(2)}`;
}

function medianMs(outcomes: readonly Outcome[]): number {
  const times = outcomes
    .map(({ incident, actedAfterMs, toldAfterMs }) =>
      needsPeople(incident.kind) ? toldAfterMs : actedAfterMs,
    )
    .map((ms) => ms ?? Number.POSITIVE_INFINITY)
    .sort((one, other) => one - other);
  return times[times.length >> 1] ?? Number.POSITIVE_INFINITY;
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(0);
