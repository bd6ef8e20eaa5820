import type { PromptFacts } from '../call/prompt-facts.js';

/** The tasks of {@link classifyPrompt}. */
export type UsualTask = 'simple' | 'extraction' | 'code' | 'reasoning';

/** Words by task, in lower case. A heuristic that is cheap enough to run before each call; apps can name the task themselves. */
const signs: Readonly<Record<Exclude<UsualTask, 'simple'>, RegExp>> = {
  code: /```|\b(?:function|class|refactor|compile|stack ?trace|unit tests?|regex|sql|typescript|javascript|python|rust|bug|code|api endpoint)\b/g,
  extraction:
    /\b(?:extract|classify|categori[sz]e|label|parse|list all|which of|translate|summari[sz]e|as json|fields?|table|csv)\b/g,
  reasoning:
    /\b(?:prove|proof|derive|step by step|why|trade-?offs?|compare|analy[sz]e|strategy|plan|design|evaluate|argue|optimi[sz]e|calculate|estimate|root cause)\b/g,
};

/** Prompts of more characters than this are no simple questions. */
const longPrompt = 6_000;

/**
 * The task of a prompt, by its size and content: `simple`, `extraction`, `code` or `reasoning`. Pure; linear in the length of its input,
 * which {@link PromptFacts} bounds.
 */
export function classifyPrompt(facts: PromptFacts): UsualTask {
  const text = facts.text.toLowerCase();
  const count = (task: keyof typeof signs): number => text.match(signs[task])?.length ?? 0;
  const code = count('code') + (facts.hasTools ? 1 : 0);
  const extraction = count('extraction') + (facts.hasSchema ? 2 : 0);
  const reasoning = count('reasoning') + (facts.asksToThink ? 2 : 0);
  if (code >= 2 && code >= extraction && code >= reasoning) return 'code';
  if (reasoning >= 2 && reasoning >= extraction) return 'reasoning';
  if (extraction >= 1) return 'extraction';
  if (code + reasoning >= 1 || facts.characters > longPrompt) return code > reasoning ? 'code' : 'reasoning';
  return 'simple';
}
