import { extractionPhrases } from './extraction-phrases.js';
import { jailbreakPhrases } from './jailbreak-phrases.js';
import { overridePhrases } from './override-phrases.js';
import type { Phrase } from './phrase-matcher.js';
import { smuggledPhrases } from './smuggled-phrases.js';

/**
 * Shapes of hostile prompts: what published collections of attacks (OWASP LLM01, the jailbreaks shared as "DAN") have in common, in words
 * near each other. Weights were set on prompts of the project's own.
 */
export const injectionPhrases: readonly Phrase[] = [
  ...overridePhrases,
  ...extractionPhrases,
  ...jailbreakPhrases,
  ...smuggledPhrases,
];
