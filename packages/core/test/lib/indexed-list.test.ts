import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type IndexedEntry, IndexedList } from '../../src/internal.js';

describe('an indexed list of what is alive', () => {
  it('holds exactly what was added and not taken out, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 200 }), (choices) => {
        const roster = new IndexedList<number>();
        const places: IndexedEntry<number>[] = [];
        const expected = new Set<number>();
        choices.forEach((choice, step) => {
          const known = places[choice];
          if (known) {
            roster.remove(known);
            expected.delete(known.member);
          } else {
            places.push(roster.add(step));
            expected.add(step);
          }
          expect(new Set(roster.members())).toEqual(expected);
          expect(roster.size).toBe(expected.size);
        });
      }),
    );
  });

  it('takes a member out once: doing it again takes out nobody else', () => {
    const roster = new IndexedList<string>();
    const first = roster.add('first');
    roster.add('second');
    roster.remove(first);
    roster.remove(first);
    expect(roster.members()).toEqual(['second']);
  });

  it('is empty after it was cleared, and places of before mean nothing to it', () => {
    const roster = new IndexedList<string>();
    const before = roster.add('before');
    expect(roster.clear()).toEqual(['before']);
    roster.add('after');
    roster.remove(before);
    expect(roster.members()).toEqual(['after']);
  });
});
