import { accepts, checkOptions } from '@tollgate/core/internal';
import { averagePathLength } from './average-path-length.js';
import { growTree, IsolationTree } from './isolation-tree.js';
import { checkSavedForest, type SavedForest } from './saved-forest.js';
import { seededRandom } from './seeded-random.js';

/** Options of {@link IsolationForest.train}. */
export interface TrainOptions {
  /** The names of a row's columns, in their order. */
  features: readonly string[];
  /** How many trees are grown, 1 to 1 000. @defaultValue 100, as in the paper */
  trees?: number;
  /** ψ: rows from which each tree is grown, drawn without replacement, 2 to 65 536. @defaultValue 256, as in the paper */
  sampleSize?: number;
  /** The same rows and seed give the same forest. An integer. @defaultValue 1 */
  seed?: number;
}

/** One feature's contribution to a score. */
export interface Contribution {
  readonly feature: string;
  /** Its median in training. */
  readonly expected: number;
  readonly seen: number;
  /** By how much the score falls when this feature alone has its expected value. */
  readonly score: number;
}

/**
 * Finds rows that differ from the others: few random splits isolate them. Scores lie between 0 and 1; about 0.5 is usual, and above 0.6 or
 * so is worth a look. Pure: the same seed, rows and order give the same trees. F. T. Liu, K. M. Ting, Z.-H. Zhou: Isolation Forest, ICDM
 * 2008.
 */
export class IsolationForest {
  readonly #trees: readonly IsolationTree[];
  readonly #average: number;

  private constructor(private readonly saved: SavedForest) {
    this.#trees = saved.trees.map((tree) => new IsolationTree(tree));
    this.#average = averagePathLength(saved.sampleSize);
  }

  /** Grows a forest. Throws a `TypeError` for wrong options, fewer than two rows, and rows that are no finite numbers. */
  static train(rows: readonly (readonly number[])[], options: TrainOptions): IsolationForest {
    checkOptions<TrainOptions>(
      'isolationForest',
      options,
      {
        features: accepts.someOf(accepts.string),
        trees: accepts.integerBetween(1, 1_000),
        sampleSize: accepts.integerBetween(2, 65_536),
        seed: (value) => Number.isSafeInteger(value) || 'an integer',
      },
      ['features'],
    );
    const { features, trees = 100, seed = 1 } = options;
    checkRows(rows, features);
    const sampleSize = Math.min(options.sampleSize ?? 256, rows.length);
    const random = seededRandom(seed);
    const heightLimit = Math.ceil(Math.log2(sampleSize));
    const order = rows.map((_, index) => index);
    return new IsolationForest({
      kind: 'isolation-forest',
      version: 1,
      features: [...features],
      sampleSize,
      medians: features.map((_, column) => medianOf(rows.map((row) => row[column] as number))),
      trees: Array.from({ length: trees }, () =>
        growTree(sampleOf(rows, order, sampleSize, random), heightLimit, random),
      ),
    });
  }

  /** Reads the result of {@link toJSON}. Throws a `TypeError` for anything else. */
  static load(saved: unknown): IsolationForest {
    return new IsolationForest(checkSavedForest(saved));
  }

  /** The names of a row's columns, in their order. */
  get features(): readonly string[] {
    return this.saved.features;
  }

  /** E(h(x)): the mean path length over all trees. */
  meanPathLength(row: ArrayLike<number>): number {
    let sum = 0;
    for (const tree of this.#trees) sum += tree.pathLength(row);
    return sum / this.#trees.length;
  }

  /** s(x, ψ) = 2^(−E(h(x)) / c(ψ)), equation 2 of the paper. */
  score(row: ArrayLike<number>): number {
    return 2 ** (-this.meanPathLength(row) / this.#average);
  }

  /** Which features a score is owed to, the greatest first. */
  explain(row: ArrayLike<number>): Contribution[] {
    const whole = this.score(row);
    const contributions = this.features.map((feature, column): Contribution => {
      const expected = this.saved.medians[column] as number;
      const usual = Array.from(row);
      usual[column] = expected;
      return { feature, expected, seen: row[column] as number, score: whole - this.score(usual) };
    });
    return contributions.sort((one, other) => other.score - one.score);
  }

  /**
   * The score above which at most this share of usual rows lies, 0 < share < 1: a threshold for that share of false findings. `rows`: usual ones that
   * the forest was not trained with, at least 1 ÷ share. Throws a `TypeError` for fewer, and for another share.
   */
  thresholdFor(share: number, rows: readonly (readonly number[])[]): number {
    if (!(share > 0 && share < 1)) {
      throw new TypeError(`isolationForest: "share" must be above 0 and below 1, received ${String(share)}`);
    }
    const least = Math.ceil(1 / share);
    if (rows.length < least) {
      throw new TypeError(
        `isolationForest: "rows" must be at least ${least} for a share of ${share}, received ${rows.length}`,
      );
    }
    checkRows(rows, this.features);
    const scores = rows.map((row) => this.score(row)).sort((one, other) => other - one);
    return scores[Math.floor(share * rows.length)] as number;
  }

  toJSON(): SavedForest {
    return this.saved;
  }
}

/** Rows drawn without replacement: the beginning of `order`, which is shuffled up to there. */
function sampleOf(
  rows: readonly (readonly number[])[],
  order: number[],
  size: number,
  random: () => number,
): (readonly number[])[] {
  return Array.from({ length: size }, (_, place) => {
    const drawn = place + Math.floor(random() * (order.length - place));
    const index = order[drawn] as number;
    order[drawn] = order[place] as number;
    order[place] = index;
    return rows[index] as readonly number[];
  });
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}

function checkRows(rows: readonly (readonly number[])[], features: readonly string[]): void {
  if (features.length === 0) throw new TypeError('isolationForest: "features" must name at least one');
  if (rows.length < 2)
    throw new TypeError(`isolationForest: at least 2 rows are needed, received ${rows.length}`);
  const wrong = rows.findIndex((row) => row.length !== features.length || !row.every(Number.isFinite));
  if (wrong !== -1)
    throw new TypeError(`isolationForest: row ${wrong} must hold ${features.length} finite numbers`);
}
