import { describeValue } from '@tollgate/core/internal';
import type { SavedTree } from './isolation-tree.js';

/** A forest as JSON. */
export interface SavedForest {
  readonly kind: 'isolation-forest';
  /** Of this format. */
  readonly version: 1;
  /** The names of a row's columns, in their order. */
  readonly features: readonly string[];
  /** ψ: how many rows each tree was grown from. */
  readonly sampleSize: number;
  /** Median of each feature in training: the "expected" value when a score is explained. */
  readonly medians: readonly number[];
  readonly trees: readonly SavedTree[];
}

/** Throws a `TypeError` with the position of the problem, for anything that is no saved forest; a tree with a loop would never end. */
export function checkSavedForest(value: unknown): SavedForest {
  const { kind, version, features, sampleSize, medians, trees } = fieldsOf('the forest', value);
  if (kind !== 'isolation-forest') fail('"kind" must be "isolation-forest"', kind);
  if (version !== 1) fail('"version" must be 1', version);
  if (!Array.isArray(features) || features.length === 0 || !features.every((one) => typeof one === 'string'))
    return fail('"features" must be an array of names', features);
  if (!Number.isSafeInteger(sampleSize) || Number(sampleSize) < 2)
    fail('"sampleSize" must be an integer of 2 or more', sampleSize);
  if (!isNumbers(medians) || medians.length !== features.length)
    return fail('"medians" must hold one number for each feature', medians);
  if (!Array.isArray(trees) || trees.length === 0) return fail('"trees" must be an array', trees);
  return {
    kind: 'isolation-forest',
    version: 1,
    features,
    sampleSize: Number(sampleSize),
    medians,
    trees: trees.map((tree: unknown, index) => checkTree(`tree ${index}`, tree, features.length)),
  };
}

function checkTree(where: string, value: unknown, width: number): SavedTree {
  const { feature, threshold, left, right, size } = fieldsOf(where, value);
  const columns = [feature, threshold, left, right, size];
  if (!columns.every(isNumbers)) return fail(`${where} must have arrays of numbers`, value);
  const nodes = feature as number[];
  if (nodes.length === 0 || !columns.every((one) => (one as number[]).length === nodes.length))
    return fail(`${where} must have one entry for each node`, value);
  const tree = { feature, threshold, left, right, size } as SavedTree;
  const isChild = (node: number, child: number | undefined): boolean =>
    Number.isInteger(child) && Number(child) > node && Number(child) < nodes.length;
  nodes.forEach((one, node) => {
    if (!Number.isInteger(one) || one < -1 || one >= width)
      fail(`${where}, node ${node}: no such feature`, one);
    if (one >= 0 && !(isChild(node, tree.left[node]) && isChild(node, tree.right[node])))
      fail(`${where}, node ${node}: children must come after their parent`, [
        tree.left[node],
        tree.right[node],
      ]);
  });
  return tree;
}

function fieldsOf(where: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fail(`${where} must be an object`, value);
  return value as Record<string, unknown>;
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((one) => Number.isFinite(one));
}

function fail(what: string, received: unknown): never {
  throw new TypeError(`isolationForest: ${what}, received ${describeValue(received)}`);
}
