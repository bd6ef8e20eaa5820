/** Parts of the names of models that use server-side tools without being asked to. */
const parts: readonly string[] = [
  '-search-preview',
  '-search-api',
  'deep-research',
  ':online',
  'compound-beta',
  '/compound',
];

/**
 * Whether a model searches the web by itself, as often as it likes and at a fee that no usage reports. The catalogue has the
 * price of its tokens only, so the app has to declare one.
 */
export function searchesByItself(model: string): boolean {
  return parts.some((part) => model.includes(part));
}
