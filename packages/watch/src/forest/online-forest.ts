import { IsolationForest } from './isolation-forest.js';
import { growTree, type SavedTree } from './isolation-tree.js';
import { Reservoir } from './reservoir.js';

const trees = 100;
const sampleSize = 256;
/** The rows of which each reservoir is a fair sample; after this many a new one is begun, so that the forest follows changes. */
const rowsPerReservoir = 20_000;
/** A tree is grown once every this many rows: the event loop is never blocked for a whole forest. */
const rowsPerTree = 64;

/** A forest that is grown tree by tree from the stream of rows, and replaced as a whole once all trees of the next are grown. */
export class OnlineForest {
  #forest: IsolationForest | undefined;
  #reservoir: Reservoir<number[]>;
  #before: Reservoir<number[]> | undefined;
  #next: SavedTree[] = [];
  #rows = 0;

  constructor(
    private readonly features: readonly string[],
    private readonly random: () => number,
    forest?: IsolationForest,
  ) {
    this.#forest = forest;
    this.#reservoir = this.#emptyReservoir();
  }

  /** The current forest, to be saved; `undefined` until the first is grown, after 6 700 rows or so. */
  get forest(): IsolationForest | undefined {
    return this.#forest;
  }

  learn(row: number[]): void {
    this.#rows += 1;
    this.#reservoir.offer(() => row);
    if (this.#reservoir.seen >= rowsPerReservoir) {
      this.#before = this.#reservoir;
      this.#reservoir = this.#emptyReservoir();
    }
    const rows = (this.#before ?? this.#reservoir).items;
    if (rows.length >= sampleSize && this.#rows % rowsPerTree === 0) this.#growOne(rows);
  }

  #growOne(rows: readonly number[][]): void {
    const sample = new Reservoir<number[]>(sampleSize, this.random);
    for (const row of rows) sample.offer(() => row);
    this.#next.push(growTree(sample.items, Math.ceil(Math.log2(sampleSize)), this.random));
    if (this.#next.length < trees) return;
    const medians = this.features.map((_, column) => medianOf(rows.map((row) => row[column] as number)));
    const { features } = this;
    const whole = { kind: 'isolation-forest', version: 1, features, sampleSize, medians, trees: this.#next };
    this.#forest = IsolationForest.load(whole);
    this.#next = [];
  }

  #emptyReservoir(): Reservoir<number[]> {
    return new Reservoir(1_024, this.random);
  }
}

function medianOf(values: number[]): number {
  return values.sort((one, other) => one - other)[values.length >> 1] ?? 0;
}
