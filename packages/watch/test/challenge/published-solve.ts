import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The function that clients copy, run as it is printed in the README. */
export async function publishedSolve(): Promise<(challenge: string) => string> {
  const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
  const block = /```js\n(import \{ createHash \}[^`]*(?:`[^`\n]*`[^`]*)*?)```\n/.exec(readme)?.[1];
  if (block === undefined) throw new Error('the README prints no function that solves challenges');
  const { solve } = await import(`data:text/javascript;charset=utf-8,${encodeURIComponent(block)}`);
  return solve;
}
