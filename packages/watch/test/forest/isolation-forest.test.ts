import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { averagePathLength } from '../../src/forest/average-path-length.js';
import { IsolationForest } from '../../src/forest/isolation-forest.js';
import { growTree, IsolationTree } from '../../src/forest/isolation-tree.js';
import { seededRandom } from '../../src/forest/seeded-random.js';

/** Splits x at 5, then the left side's y at 2: three leaves, of 1, 3 and 4 points. */
const handMade = {
  feature: [0, 1, -1, -1, -1],
  threshold: [5, 2, 0, 0, 0],
  left: [1, 2, 0, 0, 0],
  right: [4, 3, 0, 0, 0],
  size: [0, 0, 1, 3, 4],
};
const forestOf = (trees: readonly (typeof handMade)[], sampleSize: number): IsolationForest =>
  IsolationForest.load({
    kind: 'isolation-forest',
    version: 1,
    features: ['x', 'y'],
    sampleSize,
    medians: [7, 3],
    trees,
  });

describe('the published formulas', () => {
  it('gives c(n) of points worked out by hand', () => {
    expect(averagePathLength(1)).toBe(0);
    expect(averagePathLength(2)).toBe(1);
    expect(averagePathLength(3)).toBeCloseTo(2 * (Math.LN2 + 0.5772156649015329) - 4 / 3, 12);
    expect(averagePathLength(3)).toBeCloseTo(1.207392357589623, 9); // 2 × 1.2703628454614782 − 1.3333333333333333
    expect(averagePathLength(256)).toBeCloseTo(10.244770920119917, 9); // 2 × (5.541263545158426 + γ) − 2 × 255/256
  });

  it('adds c(n) of the leaf to the edges on the way, in a tree worked out by hand', () => {
    const tree = new IsolationTree(handMade);
    expect(tree.pathLength([1, 1])).toBe(2);
    expect(tree.pathLength([1, 3])).toBeCloseTo(2 + 1.207392357589623, 9);
    expect(tree.pathLength([6, 0])).toBeCloseTo(1 + 1.8516559071392855, 9); // c(4) = 2 × (ln 3 + γ) − 1.5
    expect(tree.pathLength([5, 0])).toBeCloseTo(1 + 1.8516559071392855, 9); // the threshold itself goes right
  });

  it('scores 2^(−E(h)/c): one half for a point as deep as the average, 1 for one at the root', () => {
    const leaf = { feature: [-1], threshold: [0], left: [0], right: [0], size: [1] };
    expect(forestOf([leaf], 8).score([0, 0])).toBe(1);
    expect(forestOf([{ ...leaf, size: [8] }], 8).score([0, 0])).toBeCloseTo(0.5, 12);
    const two = forestOf([handMade, leaf], 8);
    expect(two.meanPathLength([1, 1])).toBe(1);
    const c8 = 2 * (Math.log(7) + 0.5772156649015329) - 14 / 8;
    expect(two.score([1, 1])).toBeCloseTo(2 ** (-1 / c8), 9);
  });
});

describe('IsolationForest', () => {
  const cloud = (): number[][] =>
    Array.from({ length: 500 }, (_, index) => [Math.sin(index * 12.9898), Math.cos(index * 78.233)]);

  it('scores a point far away above every point of the cloud, and says by which feature', () => {
    const rows = [...cloud(), [9, 0]];
    const forest = IsolationForest.train(rows, { features: ['spend', 'tokens'], sampleSize: 501, seed: 7 });
    const far = forest.score([9, 0]);
    expect(far).toBeGreaterThan(Math.max(...cloud().map((row) => forest.score(row))));
    expect(far).toBeGreaterThan(0.65);
    expect(forest.explain([9, 0])[0]).toMatchObject({ feature: 'spend', seen: 9 });
  });

  it('grows the same forest from the same rows and seed, and another one from another seed', () => {
    const train = (seed: number): string =>
      JSON.stringify(IsolationForest.train(cloud(), { features: ['a', 'b'], trees: 5, seed }));
    expect(train(3)).toBe(train(3));
    expect(train(3)).not.toBe(train(4));
  });

  it('scores as before when it was saved and loaded', () => {
    const forest = IsolationForest.train(cloud(), { features: ['a', 'b'], trees: 20 });
    const loaded = IsolationForest.load(JSON.parse(JSON.stringify(forest)));
    for (const row of cloud()) expect(loaded.score(row)).toBe(forest.score(row));
    expect(loaded.features).toEqual(['a', 'b']);
  });

  it('puts every point of its sample in one leaf, whatever the points', () => {
    const rows = fc.array(fc.tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer()), {
      minLength: 2,
      maxLength: 60,
    });
    fc.assert(
      fc.property(
        rows,
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (points, stream) => {
          const next = (): number => Number(stream.next().value);
          const tree = growTree(points, 8, next);
          expect(tree.size.reduce((sum, one) => sum + one, 0)).toBe(points.length);
          tree.feature.forEach((feature, node) => {
            if (feature < 0) expect(tree.size[node]).toBeGreaterThan(0);
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it('says what is wrong with rows, options and saved forests', () => {
    const features = ['a'];
    expect(() => IsolationForest.train([[1]], { features })).toThrow(
      'at least 2 rows are needed, received 1',
    );
    expect(() => IsolationForest.train([[1], [Number.NaN]], { features })).toThrow(
      'row 1 must hold 1 finite',
    );
    expect(() => IsolationForest.train([[1], [2]], { features, trees: 0 })).toThrow(
      '"trees" must be an integer',
    );
    expect(() => IsolationForest.load({ kind: 'isolation-forest', version: 2 })).toThrow(
      '"version" must be 1',
    );
    expect(() => forestOf([{ ...handMade, left: [0, 2, 0, 0, 0] }], 8)).toThrow(
      'tree 0, node 0: children must come after their parent',
    );
    expect(() => forestOf([{ ...handMade, feature: [2, 1, -1, -1, -1] }], 8)).toThrow('no such feature');
  });
});

describe('thresholdFor()', () => {
  const rowsOf = (count: number, seed: number): number[][] => {
    const random = seededRandom(seed);
    return Array.from({ length: count }, () => [random() + random(), 100 + 20 * random() * random()]);
  };
  const forest = IsolationForest.train(rowsOf(2_000, 1), { features: ['a', 'b'], seed: 3 });

  it.each([0.2, 0.05, 0.01])('is a score that a share of %d of usual rows exceeds', (share) => {
    const threshold = forest.thresholdFor(share, rowsOf(4_000, 2));
    const above = (rows: number[][]): number => rows.filter((row) => forest.score(row) > threshold).length;
    expect(above(rowsOf(4_000, 2)) / 4_000).toBeLessThanOrEqual(share);
    const fresh = above(rowsOf(20_000, 5)) / 20_000;
    expect(fresh).toBeGreaterThan(share / 2);
    expect(fresh).toBeLessThan(share * 2);
    expect(forest.score([9, 900])).toBeGreaterThan(threshold);
  });

  it('needs enough rows for the share, and rows of its columns', () => {
    expect(() => forest.thresholdFor(0.01, rowsOf(99, 1))).toThrow(
      '"rows" must be at least 100 for a share of 0.01',
    );
    for (const share of [0, 1, -1, Number.NaN]) {
      expect(() => forest.thresholdFor(share, rowsOf(99, 1))).toThrow('"share" must be above 0 and below 1');
    }
    expect(() => forest.thresholdFor(0.5, [[1], [2]])).toThrow('row 0 must hold 2 finite numbers');
  });
});
