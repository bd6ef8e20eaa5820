/** Steps remembered as the latest. */
const remembered = 30;
const allLatest = 2 ** remembered - 1;
/** Steps are distinguished by this many places; two kinds of steps may share one. */
const places = 60;
const half = places / 2;
/** Steps before which nothing is unusual. */
const leastSteps = 60;

/**
 * How a key moves between routes and models: which of its latest steps, from one route and model to the next, it had never taken before. Three numbers
 * instead of a table of names, since there is one for each key. Not saved: after a restart steps are learned anew.
 */
export class StepsTaken {
  #before = 0;
  #seenLow = 0;
  #seenHigh = 0;
  /** A bit for each of the latest steps: it was new. */
  #latest = 0;
  #count = 0;

  add(route: string | undefined, model: string): void {
    const here = hashOf(model, hashOf(route ?? '', offset));
    if (this.#count > 0) this.#take(Math.imul(this.#before, prime) ^ here);
    this.#before = here;
    this.#count += 1;
  }

  /** Share of the latest 30 steps that were new, 0 to 1; 0 of a key with fewer than 60 steps. */
  get newShare(): number {
    if (this.#count < leastSteps) return 0;
    let bits = 0;
    for (let rest = this.#latest; rest !== 0; rest &= rest - 1) bits += 1;
    return bits / remembered;
  }

  #take(step: number): void {
    const place = (step >>> 0) % places;
    const bit = 1 << (place % half);
    const seen = place < half ? this.#seenLow : this.#seenHigh;
    const isNew = (seen & bit) === 0;
    if (place < half) this.#seenLow |= bit;
    else this.#seenHigh |= bit;
    this.#latest = ((this.#latest << 1) | (isNew ? 1 : 0)) & allLatest;
  }
}

/** FNV-1a. */
const offset = 0x811c9dc5;
const prime = 0x01000193;

function hashOf(text: string, from: number): number {
  let hash = from;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), prime);
  return hash;
}
