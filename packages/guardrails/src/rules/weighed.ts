import { combinedWeight, type Finding } from '../inspect/rule.js';

/** In texts up to this length every finding counts in full: prompts that people write. UTF-16 units. */
const promptLength = 1_000;
/** From three times that on, findings must have the weight 0.75 together: odds of 3 to 1. */
const mostTimes = 3;
/** In longer texts, findings are weighed together where no more than this lies between them. */
const together = 1_500;

/**
 * Weighs findings by the length of their text. The longer a text, the more turns of phrase it has that only look like instructions to a
 * model: in `n` thousand characters, `n` at most 3, the odds of findings near each other are divided by `n`. Only those of the heaviest place
 * are returned. The figures were chosen on Markdown files of published packages; see the README.
 */
export function weighed(found: readonly Finding[], length: number): Finding[] {
  const times = Math.min(length / promptLength, mostTimes);
  if (times <= 1 || found.length === 0) return [...found];
  const places = placesOf(found).map((findings) => ({ findings, weight: combinedWeight(findings) }));
  const { findings, weight } = places.reduce((most, one) => (one.weight > most.weight ? one : most));
  if (weight >= 1) return findings;
  const odds = weight / (1 - weight) / times;
  const share = Math.log(1 / (1 + odds)) / Math.log(1 - weight);
  return findings.map((one) => ({ ...one, weight: 1 - (1 - one.weight) ** share }));
}

/** Findings in groups: near each other. */
function placesOf(found: readonly Finding[]): Finding[][] {
  const places: Finding[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const one of [...found].sort((a, b) => a.start - b.start)) {
    if (one.start > end + together) places.push([one]);
    else places.at(-1)?.push(one);
    end = Math.max(end, one.end);
  }
  return places;
}
