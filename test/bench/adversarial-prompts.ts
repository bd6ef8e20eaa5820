const size = 1_000_000;

const randomLetters = (alphabet: readonly string[]): string => {
  // A fixed generator (Numerical Recipes' constants), so that every process and every run sends the same text.
  let state = 42;
  const next = (): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state;
  };
  return Array.from({ length: size }, () => alphabet[next() % alphabet.length]).join('');
};

/** Texts of a megabyte that make tokenizers slow: one long run, nothing repeated, several bytes a character, many messages. */
export const adversarialTexts: Readonly<Record<string, () => string>> = {
  'one letter': () => 'a'.repeat(size),
  spaces: () => ' '.repeat(size),
  'random letters': () => randomLetters([...'abcdefghijklmnopqrstuvwxyz']),
  'random base64': () =>
    randomLetters([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/']),
  'rare Chinese': () => randomLetters([...'龘靐齉爩鱻麤龗灪吁龖厵滟爨癵籱饢驫鲡鹂鸾']).slice(0, size / 3),
  emoji: () => '👩‍👩‍👧‍👦'.repeat(size / 25),
  'special tokens': () => '<|endoftext|>'.repeat(size / 13),
  punctuation: () => '!?.,;:'.repeat(size / 6),
};

/** A chat completion request whose prompt is one of the texts. */
export function adversarialBody(text: string): string {
  return JSON.stringify({
    model: 'gpt-5-mini',
    max_completion_tokens: 64,
    messages: [{ role: 'user', content: text }],
  });
}

/** A megabyte in 15 000 messages of a few bytes each. */
export function manyMessages(): string {
  const messages = Array.from({ length: 15_000 }, (_none, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `line ${index} of a talk`,
  }));
  return JSON.stringify({ model: 'gpt-5-mini', max_completion_tokens: 64, messages });
}
