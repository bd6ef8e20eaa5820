import { createHash } from 'node:crypto';
import { RecentMap } from '../lib/recent-map.js';

const mostPlaces = 10_000;
const stayMs = 3_600_000;

interface Place {
  target: string | undefined;
  untilMs: number;
}

/** Where callers or conversations were sent, for an hour; their number is bounded. */
export class StickyPlaces {
  readonly #places = new RecentMap<Place>(mostPlaces, () => ({ target: undefined, untilMs: 0 }));

  of(who: string, nowMs: number): string | null {
    const place = this.#places.peek(who);
    return place?.target !== undefined && nowMs < place.untilMs ? place.target : null;
  }

  sent(who: string, target: string, nowMs: number): void {
    const place = this.#places.get(who);
    // The hour runs from the first request, so that no conversation stays at a model that has become dear.
    if (place.target === target && nowMs < place.untilMs) return;
    place.target = target;
    place.untilMs = nowMs + stayMs;
  }
}

/** A digest of the sticky subject, which does not reveal it. */
export const placeOf = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** The draw of a sticky subject, in [0, 1): the same for the same subject, in every process. */
export const drawOf = (place: string): number => Number.parseInt(place.slice(0, 12), 16) / 2 ** 48;
