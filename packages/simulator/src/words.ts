const SENTENCES = [
  'The short answer is that it depends on how much you need and how soon you need it.',
  'Most teams begin with the simplest thing that works and measure before they change it.',
  'A good first step is to write down what a correct result would look like.',
  'From there, each part can be checked on its own and put together with confidence.',
  'Costs grow with the length of the input and of the answer, so keep both as short as the task allows.',
  'If the numbers surprise you, look at the largest request first and work downwards.',
  'Caching helps when many people ask the same question within a few minutes.',
  'It is worth repeating the measurement on another day, since traffic is rarely the same twice.',
  'In practice two or three well chosen examples say more than a page of rules.',
  'When in doubt, prefer the choice that is easy to undo.',
];

const CORPUS = SENTENCES.flatMap((sentence) => sentence.split(' '));
/** Where each sentence starts in the corpus. */
const STARTS = SENTENCES.map(
  (_, index) => SENTENCES.slice(0, index).flatMap((sentence) => sentence.split(' ')).length,
);

/** A 32-bit FNV-1a hash of the text's first 4 096 UTF-16 units: same prompt, same answer. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  const length = Math.min(text.length, 4096);
  for (let index = 0; index < length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** The first words of the prompt, in quotation marks, to show that the answer belongs to it. */
function opening(prompt: string): string[] {
  const words = prompt.slice(0, 200).split(/\s+/).filter(Boolean).slice(0, 8);
  if (words.length === 0) return ['Hello!'];
  return `About “${words.join(' ').replace(/[.?!:;,]+$/, '')}”:`.split(' ');
}

/**
 * Pieces of a plausible answer, one per token, which joined give the text. The same prompt and variant give the same
 * pieces; variants are the choices of an `n` > 1.
 */
export function answerPieces(prompt: string, tokens: number, variant = 0): string[] {
  const words = opening(prompt).slice(0, tokens);
  let next = STARTS[(hashOf(prompt) + variant * 3) % STARTS.length] ?? 0;
  while (words.length < tokens) {
    words.push(CORPUS[next % CORPUS.length] ?? 'so');
    next += 1;
  }
  return words.map((word, index) => (index === 0 ? word : ` ${word}`));
}

/** A given text cut into one piece per word, spaces kept, so that the pieces joined are the text. */
export function piecesOf(text: string): string[] {
  return text.match(/\s*\S+\s*$|\s*\S+|\s+$/g) ?? [];
}
