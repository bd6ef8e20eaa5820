import { extractionPhrases } from './extraction-phrases.js';
import { jailbreakPhrases } from './jailbreak-phrases.js';
import { overridePhrases } from './override-phrases.js';
import type { Phrase } from './phrase-matcher.js';
import { smuggledPhrases } from './smuggled-phrases.js';

/**
 * Patterns of hostile prompts: words near each other that published collections of attacks have in common (OWASP LLM01, the jailbreaks
 * shared as "DAN"). Weights were set on prompts of this project.
 */
export const injectionPhrases: readonly Phrase[] = [
  ...overridePhrases,
  ...extractionPhrases,
  ...jailbreakPhrases,
  ...smuggledPhrases,
];
