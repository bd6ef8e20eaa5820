import { words } from './injection-words.js';
import { list, phrasesOf } from './word-list.js';

const { ignore, earlier, all, instructions, instead, follow } = words;
const phrase = phrasesOf('injection.override');

/** Prompts that set the instructions of the app aside: weight, words that may stand between two steps, and the steps. */
export const overridePhrases = [
  phrase(0.9, 3, ignore, earlier, instructions),
  phrase(0.9, 3, ignore, instructions, earlier),
  phrase(0.55, 2, ignore, all, instructions),
  phrase(0.9, 1, earlier, instructions, ignore),
  phrase(
    0.8,
    3,
    ignore,
    list('everything anything whatever all todo tudo tutto tout alles все 一切 所有 모든'),
    list(
      'above before previously earlier prior told said anterior dicho antes prima avant precede zuvor davor vorher bisher раньше выше 之前 以前',
    ),
  ),
  phrase(
    0.7,
    3,
    list('instructions rules guidelines policies restrictions'),
    list('longer not cancelled canceled void suspended lifted obsolete'),
    list('apply valid binding you matter count bind follow'),
  ),
  phrase(0.6, 3, instead, instructions, follow),
  phrase(0.6, 2, follow, list('only instead my these'), list('new my following'), instructions),
  phrase(
    0.6,
    1,
    list('new updated real actual true'),
    list('system task instructions objective goal directive'),
    list('prompt instruction instructions is follows below'),
  ),
  phrase(0.7, 2, list('stop quit cease end'), list('following obeying'), instructions),
  phrase(
    0.75,
    3,
    list(`not never dont don't no nicht`),
    list('follow obey adhere comply bound'),
    list('previous prior original above system your openai anthropic any'),
    instructions,
  ),
  phrase(
    0.7,
    2,
    list('reset erase wipe clear delete'),
    list('your all prior previous'),
    list('instructions memory programming rules prompt training'),
  ),
];
