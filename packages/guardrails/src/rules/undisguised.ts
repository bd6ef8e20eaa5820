/** A text without disguise, and where its characters come from. */
export interface Undisguised {
  readonly plain: string;
  /** The place in the original text of a place in `plain`, both in UTF-16 units. */
  placeOf(at: number): number;
}

const ascii = /^[\0-\x7f]*$/;
const unseen = /^\p{Default_Ignorable_Code_Point}$/u;

/**
 * The text without invisible characters, and with the compatible form of others: full-width, circled and mathematical letters as ASCII
 * (NFKC, UAX #15). Case stays, as keys differ by it.
 */
export function undisguised(text: string): Undisguised {
  if (ascii.test(text)) return { plain: text, placeOf: (at) => at };
  const places: number[] = [];
  let plain = '';
  let place = 0;
  for (const one of text) {
    const shown = unseen.test(one) ? '' : one.normalize('NFKC').slice(0, longest);
    plain += shown;
    for (let unit = 0; unit < shown.length; unit += 1) places.push(place);
    place += one.length;
  }
  places.push(place);
  return { plain, placeOf: (at) => places[at] ?? place };
}

/** Longest compatible form but for two ligatures of Arabic, which are no part of a key (Unicode 17). */
const longest = 6;
