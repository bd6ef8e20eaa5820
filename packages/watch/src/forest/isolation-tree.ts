import { averagePathLength } from './average-path-length.js';

/** A saved tree: node i either splits, or is a leaf. Node 0 is the root, and children come after their parents. */
export interface SavedTree {
  /** Number of the feature that the node splits by; −1: a leaf. */
  readonly feature: readonly number[];
  /** Smaller values go left. 0 in leaves. */
  readonly threshold: readonly number[];
  /** The left child; the right one follows in `right`. 0 in leaves. */
  readonly left: readonly number[];
  readonly right: readonly number[];
  /** How many points of the sample ended here. 0 in nodes that split. */
  readonly size: readonly number[];
}

interface GrowingTree {
  feature: number[];
  threshold: number[];
  left: number[];
  right: number[];
  size: number[];
}

/** One isolation tree: splits at random until a point is isolated. */
export class IsolationTree {
  readonly #feature: Int32Array;
  readonly #threshold: Float64Array;
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  /** The depth that a leaf adds for points that were not split further: c(size). */
  readonly #rest: Float64Array;

  constructor(readonly saved: SavedTree) {
    this.#feature = Int32Array.from(saved.feature);
    this.#threshold = Float64Array.from(saved.threshold);
    this.#left = Int32Array.from(saved.left);
    this.#right = Int32Array.from(saved.right);
    this.#rest = Float64Array.from(saved.size, averagePathLength);
  }

  /** h(x): edges from the root to the leaf of a point, and c(n) for the n points of that leaf. */
  pathLength(row: ArrayLike<number>): number {
    let node = 0;
    let depth = 0;
    let feature = this.#feature[0] as number;
    while (feature >= 0) {
      const goesLeft = (row[feature] as number) < (this.#threshold[node] as number);
      node = (goesLeft ? this.#left : this.#right)[node] as number;
      feature = this.#feature[node] as number;
      depth += 1;
    }
    return depth + (this.#rest[node] as number);
  }
}

/**
 * Grows a tree over a sample: each node draws a feature that still varies and a value between its smallest and largest, until a point is
 * isolated, all are alike, or the tree is `heightLimit` high.
 */
export function growTree(
  sample: readonly (readonly number[])[],
  heightLimit: number,
  random: () => number,
): SavedTree {
  const tree: GrowingTree = { feature: [], threshold: [], left: [], right: [], size: [] };
  grow(tree, sample, heightLimit, random);
  return tree;
}

function grow(
  tree: GrowingTree,
  points: readonly (readonly number[])[],
  heightLeft: number,
  random: () => number,
): number {
  const node = tree.feature.length;
  const varying = heightLeft > 0 && points.length > 1 ? varyingFeatures(points) : [];
  const drawn = varying[Math.floor(random() * varying.length)];
  tree.feature.push(drawn?.feature ?? -1);
  tree.threshold.push(0);
  tree.left.push(0);
  tree.right.push(0);
  tree.size.push(drawn ? 0 : points.length);
  if (!drawn) return node;
  const threshold = between(drawn, random());
  const isLeft = (row: readonly number[]): boolean => (row[drawn.feature] as number) < threshold;
  tree.threshold[node] = threshold;
  tree.left[node] = grow(tree, points.filter(isLeft), heightLeft - 1, random);
  tree.right[node] = grow(
    tree,
    points.filter((row) => !isLeft(row)),
    heightLeft - 1,
    random,
  );
  return node;
}

interface Varying {
  readonly feature: number;
  readonly least: number;
  readonly most: number;
}

function varyingFeatures(points: readonly (readonly number[])[]): Varying[] {
  const found: Varying[] = [];
  const width = points[0]?.length ?? 0;
  for (let feature = 0; feature < width; feature += 1) {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (const row of points) {
      const value = row[feature] as number;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (least < most) found.push({ feature, least, most });
  }
  return found;
}

/** Above the least, so that neither side is empty. */
function between({ least, most }: Varying, share: number): number {
  const value = least + share * (most - least);
  return value > least && value <= most ? value : most;
}
