import { describe, expect, it } from '@jest/globals';
import { itemFor, quotaCounter } from '@tollgate/testkit/contracts';
import {
  checkAlternatives,
  checkCharges,
  checkItems,
  checkLease,
  checkRunning,
} from '../../src/quota/quota-checks.js';

const counter = quotaCounter('usd/day', 100);
const charge = { ...counter, want: 10 };
const item = itemFor(counter, undefined, 5, 5);
const outOfRange = (name: string, value: number): string =>
  `quota: "${name}" of counter "usd/day" is out of range, received ${value}`;
const wrongNumbers = [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53];

describe('a figure that would stay in a counter for good', () => {
  it('is refused where it is no whole number, and named', () => {
    for (const value of wrongNumbers) {
      for (const name of ['limit', 'want', 'min', 'floor']) {
        expect(() => checkCharges([{ ...charge, [name]: value }])).toThrow(outOfRange(name, value));
      }
      for (const name of ['limit', 'amount', 'release']) {
        expect(() => checkItems([{ ...item, [name]: value }])).toThrow(outOfRange(name, value));
      }
      expect(() => checkRunning('usd/day', value)).toThrow(outOfRange('amount', value));
    }
  });

  it('is refused where less is asked at least than at most, or a share is none', () => {
    expect(() => checkCharges([{ ...charge, min: 11 }])).toThrow(outOfRange('min', 11));
    for (const onlyBelow of [0, -0.5, 1.01, Number.NaN]) {
      expect(() => checkCharges([{ ...charge, onlyBelow }])).toThrow(outOfRange('onlyBelow', onlyBelow));
    }
  });

  it('passes at its bounds', () => {
    const bounds = { want: 10, min: 10, floor: 0, onlyBelow: 1, limit: Number.MAX_SAFE_INTEGER };
    expect(() =>
      checkCharges([
        { ...charge, ...bounds },
        { ...charge, want: 0, min: 0 },
      ]),
    ).not.toThrow();
    expect(() => checkCharges([{ ...charge, onlyBelow: Number.MIN_VALUE }])).not.toThrow();
    expect(() => checkItems([{ ...item, amount: 0, release: 0, limit: 0 }])).not.toThrow();
    expect(() => checkRunning('usd/day', 0)).not.toThrow();
  });
});

describe('a reservation', () => {
  it('needs an alternative, and each of them sound charges', () => {
    expect(() => checkAlternatives([])).toThrow('quota: "alternatives" must hold at least one');
    expect(() => checkAlternatives([{ charges: [] }, { charges: [{ ...charge, want: -1 }] }])).toThrow(
      outOfRange('want', -1),
    );
  });

  it('lasts from a second to an hour', () => {
    const lasting = (leaseMs: number) => () =>
      checkLease({ id: '', partition: '', alternatives: [], leaseMs });
    for (const leaseMs of [1000, 3_600_000]) expect(lasting(leaseMs)).not.toThrow();
    for (const leaseMs of [999, 3_600_001, 1500.5, Number.NaN]) {
      expect(lasting(leaseMs)).toThrow(
        `quota: "leaseMs" must be an integer from 1000 to 3600000, received ${leaseMs}`,
      );
    }
  });
});
