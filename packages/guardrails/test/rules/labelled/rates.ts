import { injection } from '../../../src/index.js';
import { inspectBody } from '../../../src/inspection.js';
import { type LabelledPrompt, labelledPrompts } from './labelled-prompts.js';

/** How many prompts there are, and how many of them were refused. */
export interface Rate {
  readonly refused: number;
  readonly of: number;
}

type Half = LabelledPrompt['half'];

const rules = { rules: [injection()], needs: {}, maxMessages: 10, maxTextLength: 100_000 };

/** Whether `injection()` as it comes refuses a user's message. */
export function isRefused(text: string): boolean {
  return inspectBody({ messages: [{ role: 'user', content: text }] }, rules, []).refusal !== undefined;
}

export function rateOf(prompts: readonly LabelledPrompt[]): Rate {
  return { refused: prompts.filter(({ text }) => isRefused(text)).length, of: prompts.length };
}

/** `92.3 %`: of hostile prompts the share found, of benign ones the share refused wrongly. */
export function percent({ refused, of }: Rate): string {
  return `${((100 * refused) / of).toFixed(1)} %`;
}

/** The rates as Markdown: in all, by topic and by language, for both halves. */
export function ratesTable(prompts: readonly LabelledPrompt[] = labelledPrompts()): string {
  const parts = [true, false].map((hostile) => {
    const own = prompts.filter((prompt) => prompt.hostile === hostile);
    const title = hostile ? 'Hostile prompts found' : 'Benign prompts refused';
    const rows = (by: (prompt: LabelledPrompt) => string): string[] =>
      [...new Set(own.map(by))].sort().map((name) =>
        row(
          name,
          own.filter((prompt) => by(prompt) === name),
        ),
      );
    return [
      `| ${title} | tuning half | held-out half |`,
      '| --- | --: | --: |',
      row('**all**', own),
      ...rows(({ topic }) => topic),
      ...rows(({ topic, kind }) => `${topic}: ${kind.startsWith('transformed') ? 'transformed' : kind}`),
      ...rows(({ language }) => `language ${language}`),
    ].join('\n');
  });
  return parts.join('\n\n');
}

function row(name: string, prompts: readonly LabelledPrompt[]): string {
  const cells = (['tuning', 'held out'] satisfies Half[]).map((half) => {
    const rate = rateOf(prompts.filter((prompt) => prompt.half === half));
    return rate.of === 0 ? '–' : `${percent(rate)} (${rate.refused} of ${rate.of})`;
  });
  return `| ${name} | ${cells.join(' | ')} |`;
}
