import { injection } from '../../../src/index.js';
import { withoutEscapes } from '../../../src/inspect/json-escapes.js';
import { combinedWeight } from '../../../src/inspect/rule.js';
import { knownEvasions, type LabelledPrompt, labelledPrompts } from './labelled-prompts.js';

/** How many prompts there are, and how many of them were refused. */
export interface Rate {
  readonly refused: number;
  readonly of: number;
}

const rule = injection();

/** Whether `injection()` as it comes refuses a user's message. */
export function isRefused(text: string): boolean {
  const findings = rule.find(withoutEscapes(text), { path: 'messages[0].content', role: 'user' });
  return combinedWeight(findings) >= (rule.threshold ?? 0);
}

export function rateOf(prompts: readonly LabelledPrompt[]): Rate {
  return { refused: prompts.filter(({ text }) => isRefused(text)).length, of: prompts.length };
}

/** `92.3 %`: of hostile prompts the share found, of benign ones the share refused wrongly. */
export function percent({ refused, of }: Rate): string {
  return `${((100 * refused) / of).toFixed(1)} %`;
}

/** The rates as Markdown: in all, by topic, kind and language; what was written later stands apart. */
export function ratesTable(prompts: readonly LabelledPrompt[] = labelledPrompts()): string {
  const parts = [true, false].map((hostile) => {
    const own = prompts.filter((prompt) => prompt.hostile === hostile);
    const halves = own.filter(({ part }) => part !== 'written later');
    const rows = (by: (prompt: LabelledPrompt) => string): string[] =>
      [...new Set(halves.map(by))].sort().map((name) =>
        row(
          name,
          halves.filter((prompt) => by(prompt) === name),
        ),
      );
    return [
      `| ${hostile ? 'Hostile prompts found' : 'Benign prompts refused'} | tuning half | held-out half | written later |`,
      '| --- | --: | --: | --: |',
      row('**all**', own),
      ...rows(({ topic }) => topic),
      ...rows(({ topic, kind }) => `${topic}: ${kind.startsWith('transformed') ? 'transformed' : kind}`),
      ...rows(({ language }) => `language ${language}`),
    ].join('\n');
  });
  return parts.join('\n\n');
}

/** The known evasions as a Markdown list. */
export function evasionsList(): string {
  return knownEvasions()
    .map(({ kind, text }, index) => `${index + 1}. ${kind}: \`${text}\``)
    .join('\n');
}

function row(name: string, prompts: readonly LabelledPrompt[]): string {
  const cells = (['tuning', 'held out', 'written later'] satisfies LabelledPrompt['part'][]).map((part) => {
    const rate = rateOf(prompts.filter((prompt) => prompt.part === part));
    return rate.of === 0 ? '' : `${percent(rate)} (${rate.refused} of ${rate.of})`;
  });
  return `| ${name} | ${cells.join(' | ')} |`;
}
