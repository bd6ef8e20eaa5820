import { words } from './injection-words.js';
import { list, phrasesOf } from './word-list.js';

const { instructions, reveal, secretPrompt, systemPrompt, above, text, your } = words;
const phrase = phrasesOf('injection.extraction');

/** Prompts that ask for the instructions of the app: weight, words that may stand between two steps, and the steps. */
export const extractionPhrases = [
  phrase(0.85, 4, reveal, secretPrompt, [...instructions, ...list('message')]),
  phrase(0.85, 4, reveal, systemPrompt),
  phrase(0.6, 2, reveal, your, instructions),
  phrase(0.8, 3, list('repeat print output copy recite reproduce paste echo'), text, above),
  phrase(
    0.8,
    2,
    list('repeat print output copy recite'),
    list('all everything words text'),
    list('starting beginning from'),
  ),
  phrase(
    0.65,
    3,
    list('what which cuales quelles welche quali quais что каковы 什么 何 que cual'),
    [...your, ...list('were are')],
    list(
      'initial system original hidden secret exact iniciales ocultas sistema initiales systeme системн* 系统 internal confidential システム',
    ),
    instructions,
  ),
  phrase(
    0.6,
    3,
    list('how what'),
    list('were did'),
    list('you'),
    list('instructed told prompted configured'),
    list('initially before exactly beginning start by'),
  ),
  phrase(
    0.7,
    3,
    list('translate encode summarize convert rewrite base64 spell'),
    list('your the system'),
    list('system initial hidden instructions'),
    list('prompt instructions into to message in'),
  ),
];
