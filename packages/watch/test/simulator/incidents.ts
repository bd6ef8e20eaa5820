import { diceOf } from './dice.js';
import { dayMs, hourMs, models, type SimulatedTenant } from './tenants.js';

export const incidentKinds = [
  'runaway loop',
  'stolen key',
  'scraping',
  'credential stuffing',
  'slow leak',
  'price change',
] as const;
export type IncidentKind = (typeof incidentKinds)[number];

export interface Incident {
  readonly id: number;
  readonly kind: IncidentKind;
  readonly startMs: number;
  readonly endMs: number;
  /** Absent of price changes, and of attacks on nobody's account. */
  readonly tenant: SimulatedTenant | undefined;
  readonly key: string | undefined;
  readonly network: string;
  /** Gap between requests, how many times the usual cost, or the price's factor. */
  readonly gapMs: number;
  readonly times: number;
  /** Every other attack on credentials has patience. */
  readonly isSlow: boolean;
  readonly model: string;
}

const lengthsMs: Readonly<Record<IncidentKind, number>> = {
  'runaway loop': 6 * hourMs,
  'stolen key': 12 * hourMs,
  scraping: 8 * hourMs,
  'credential stuffing': 12 * hourMs,
  'slow leak': 5 * dayMs,
  'price change': 3 * dayMs,
};

/** Incidents in the second half, each tenant hit at most once; at most one new price for each of two models. */
export function incidentsOf(
  tenants: readonly SimulatedTenant[],
  days: number,
  perKind: number,
  seed: number,
): Incident[] {
  const dice = diceOf(seed + 99);
  const free = [...tenants];
  return incidentKinds.flatMap((kind) =>
    Array.from({ length: kind === 'price change' ? Math.min(perKind, 2) : perKind }, (_, index): Incident => {
      const ofTenant = kind !== 'price change' && kind !== 'credential stuffing';
      const [tenant] = ofTenant ? free.splice(Math.floor(dice.uniform() * free.length), 1) : [];
      const startMs = Math.floor(dice.between(days * 0.5, days - lengthsMs[kind] / dayMs) * dayMs);
      const isSlow = index % 2 === 1;
      const gapOf = {
        'runaway loop': dice.between(800, 4_000),
        'stolen key': dice.between(400, 4_000),
        scraping: dice.between(1_000, 5_000),
        'credential stuffing': isSlow ? 12 * 60_000 : dice.between(500, 5_000),
        'slow leak': 0,
        'price change': 0,
      };
      const timesOf = {
        'runaway loop': dice.between(1, 4),
        'stolen key': dice.between(2, 8),
        scraping: dice.between(0.3, 1),
        'credential stuffing': 0,
        'slow leak': dice.between(4, 8),
        'price change': dice.between(1.6, 3),
      };
      return {
        id: incidentKinds.indexOf(kind) * 1_000 + index,
        kind,
        startMs,
        endMs: startMs + lengthsMs[kind],
        tenant,
        key: tenant?.keys[0],
        network: `${kind === 'stolen key' ? '192.0.2' : '203.0.113'}.${index}`,
        gapMs: gapOf[kind],
        times: timesOf[kind],
        isSlow,
        model: models[index % models.length] as string,
      };
    }),
  );
}

/** How many times the usual a request of a leak costs at this moment. */
export function grownAt({ times, startMs, endMs }: Incident, atMs: number): number {
  return times ** Math.min(Math.max((atMs - startMs) / (endMs - startMs), 0), 1);
}
