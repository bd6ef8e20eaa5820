import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideRoute, type RouteCandidate, type RouteInputs } from '../../src/index.js';
import { candidate, inputs } from './candidates.js';

const cheap = candidate('a/cheap', { costNanoUsd: 10 });
const dear = candidate('b/dear', { costNanoUsd: 50 });
const first = (given: RouteInputs): string | undefined => decideRoute(given).ranked[0];

describe('the choice between models', () => {
  it('is the cheapest that is good enough, the dearer ones behind it', () => {
    const weak = candidate('c/weak', { costNanoUsd: 1, quality: 0.3 });
    const decision = decideRoute(inputs([dear, weak, cheap], { quality: 0.5 }));
    expect(decision).toEqual({
      ranked: ['a/cheap', 'b/dear'],
      why: 'cheapest',
      excluded: { 'c/weak': 'below-quality' },
    });
  });

  it.each([
    ['the caller may not use it', { allowed: false }, 'not-allowed'],
    ['its provider does not take the format', { takes: false }, 'other-format'],
    ['it has no price', { costNanoUsd: null }, 'no-price'],
  ])('never falls on a model where %s', (_, fault, why) => {
    expect(decideRoute(inputs([{ ...cheap, ...fault }]))).toMatchObject({
      ranked: [],
      excluded: { 'a/cheap': why },
    });
  });

  it.each([
    ['is down', { health: 'down' as const }, {}],
    ['says of itself that it is slow', { health: 'slow' as const }, {}],
    ['has no room left', { hasRoom: false }, {}],
    ['was late of late', { firstTokenP95Ms: 900 }, { firstTokenMs: 800 }],
    ['costs more than the task is worth', {}, { maxCostNanoUsd: 9 }],
  ])(
    'falls on the dearer one where the cheap one %s, and keeps the cheap one as a last way',
    (_, fault, more: Partial<RouteInputs>) => {
      const other = more.maxCostNanoUsd ? candidate('b/dear', { costNanoUsd: 8 }) : dear;
      expect(decideRoute(inputs([{ ...cheap, ...fault }, other], more)).ranked).toEqual([
        'b/dear',
        'a/cheap',
      ]);
    },
  );

  it('weighs waiting by what a second is worth', () => {
    const slow = { ...cheap, firstTokenP50Ms: 1_000, tokensPerSecond: 20 };
    const quick = { ...dear, firstTokenP50Ms: 200, tokensPerSecond: 200 };
    // 6.0 s at 10 against 0.7 s at 50: a second must be worth 40 / 5.3 ≈ 7.5 to pay for the quick one.
    expect(first(inputs([slow, quick], { nanoUsdPerSecond: 7 }))).toBe('a/cheap');
    expect(first(inputs([slow, quick], { nanoUsdPerSecond: 8 }))).toBe('b/dear');
  });

  it('splits by weight, to within what chance allows', () => {
    const two = [candidate('a/one', { weight: 3 }), candidate('b/two', { weight: 1, costNanoUsd: 1 })];
    const draws = Array.from({ length: 1_000 }, (_, at) => at / 1_000);
    const ones = draws.filter((draw) => first(inputs(two, { draw })) === 'a/one').length;
    expect(ones).toBe(750);
  });

  it('sends exactly the share of a canary to it, and nobody else, however cheap it is', () => {
    const canary = { target: 'a/cheap', share: 0.1 };
    const draws = Array.from({ length: 1_000 }, (_, at) => at / 1_000);
    const tried = draws.filter((draw) => first(inputs([cheap, dear], { draw, canary })) === 'a/cheap');
    expect(tried).toHaveLength(100);
    const down = { ...cheap, health: 'down' as const };
    expect(draws.some((draw) => first(inputs([down, dear], { draw, canary })) === 'a/cheap')).toBe(false);
  });

  it('keeps to where somebody was before, while that is as good as any', () => {
    expect(first(inputs([cheap, dear], { stuckTo: 'b/dear' }))).toBe('b/dear');
    expect(first(inputs([cheap, { ...dear, health: 'down' }], { stuckTo: 'b/dear' }))).toBe('a/cheap');
    expect(first(inputs([cheap], { stuckTo: 'c/gone' }))).toBe('a/cheap');
  });
});

const figure = (max: number) => fc.option(fc.double({ min: 0, max, noNaN: true }), { nil: null });
const anyCandidate = fc.record({
  target: fc.constantFrom('a/1', 'a/2', 'b/1', 'b/2', 'c/1', 'c/2'),
  quality: fc.double({ min: 0, max: 1, noNaN: true }),
  allowed: fc.boolean(),
  takes: fc.boolean(),
  costNanoUsd: fc.option(fc.nat(1_000_000), { nil: null }),
  firstTokenP50Ms: figure(5_000),
  firstTokenP95Ms: figure(5_000),
  tokensPerSecond: figure(500),
  health: fc.constantFrom('up' as const, 'slow' as const, 'down' as const),
  hasRoom: fc.boolean(),
  weight: fc.nat(5),
});
const anyInputs = fc
  .uniqueArray(anyCandidate, { selector: ({ target }) => target, maxLength: 6 })
  .chain((candidates) =>
    fc.record({
      quality: fc.double({ min: 0, max: 1, noNaN: true }),
      firstTokenMs: fc.option(fc.nat(3_000), { nil: null }),
      maxCostNanoUsd: fc.option(fc.nat(1_000_000), { nil: null }),
      nanoUsdPerSecond: fc.nat(10_000),
      draw: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      stuckTo: fc.constantFrom(null, 'a/1', 'b/2'),
      canary: fc.constantFrom(null, { target: 'a/1', share: 0.3 }, { target: 'c/2', share: 0 }),
      candidates: fc.constant(candidates),
    }),
  )
  .map(({ candidates, ...more }) => inputs(candidates, more));

const isFit = ({ quality: floor }: RouteInputs, { allowed, takes, quality, costNanoUsd }: RouteCandidate) =>
  allowed && takes && quality >= floor && costNanoUsd !== null;

describe('whatever is known of the models', () => {
  it('all that are fit are ranked, none other, none twice, and the log of the inputs gives the same again', () => {
    fc.assert(
      fc.property(anyInputs, (given) => {
        const decision = decideRoute(given);
        const fit = given.candidates.filter((one) => isFit(given, one)).map(({ target }) => target);
        expect([...decision.ranked].sort()).toEqual(fit.sort());
        expect(Object.keys(decision.excluded)).toHaveLength(given.candidates.length - fit.length);
        expect(decideRoute(JSON.parse(JSON.stringify(given)))).toEqual(decision);
      }),
      { numRuns: process.env.TOLLGATE_LONG ? 2_000 : 400 },
    );
  });

  it('none that is down goes before one that is up', () => {
    fc.assert(
      fc.property(anyInputs, (given) => {
        const health = decideRoute(given).ranked.map(
          (target) => given.candidates.find((one) => one.target === target)?.health,
        );
        const firstDown = health.indexOf('down');
        expect(firstDown === -1 || health.slice(firstDown).every((one) => one === 'down')).toBe(true);
      }),
      { numRuns: process.env.TOLLGATE_LONG ? 2_000 : 400 },
    );
  });
});
