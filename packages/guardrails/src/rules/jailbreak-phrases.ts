import { words } from './injection-words.js';
import { list, phrasesOf } from './word-list.js';

const { without, limits, act, unbound, assistant, mode, privileged, enable } = words;
const phrase = phrasesOf('injection.jailbreak');

/** Prompts that talk a model out of its rules: weight, words that may stand between two steps, and the steps. */
export const jailbreakPhrases = [
  phrase(0.85, 2, list('do'), list('anything'), list('now')),
  phrase(
    0.75,
    4,
    act,
    [...unbound, ...list('dan stan dude')],
    [...assistant, ...list('that who and with now mode called')],
  ),
  phrase(0.7, 4, act, assistant, without, limits),
  phrase(
    0.65,
    4,
    list(
      'respond answer reply speak write responde reponds repondez antworte rispondi responda отвечай* отвечаи* 回答 答え',
    ),
    without,
    [...limits, ...list('warnings disclaimers refusal refusing')],
  ),
  phrase(0.75, 2, enable, privileged, mode),
  phrase(0.75, 2, enable, mode, privileged),
  phrase(
    0.7,
    1,
    list('developer dan jailbreak god sudo unrestricted debug'),
    mode,
    list('enabled activated on active output engaged unlocked'),
  ),
  phrase(
    0.65,
    3,
    list('you has have tienes hast as hai tem 你'),
    list('broken free freed liberated escaped unshackled liberado libre frei liberato'),
    list(
      'confines constraints rules restrictions limits openai chains limitations restricciones reglas fesseln regeln',
    ),
  ),
  phrase(
    0.6,
    3,
    list(`never cannot not don't dont without`),
    list('refuse refusing decline say reject deny warn warning'),
    list(
      `request requests answer sorry cannot can't anything question me user ethical disclaimers unethical ethics`,
    ),
  ),
  phrase(
    0.6,
    4,
    list('stay remain keep'),
    list('in your'),
    list('character role persona'),
    list('no whatever never always matter regardless token tokens even'),
  ),
  phrase(
    0.6,
    3,
    list('two both dual'),
    list('responses answers ways outputs'),
    list('normal classic standard gpt first'),
    list('jailbreak jailbroken dan developer unfiltered second other'),
  ),
  phrase(
    0.55,
    5,
    list('grandmother grandma grandpa abuela oma mamie nonna babushka бабушк* 奶奶 おばあ'),
    list('used would tell telling read reading solia erzahlte рассказывал* 讲 sleep bedtime'),
    list(
      'keys key napalm recipe steps password passwords malware bomb meth windows explosives licencia claves code codes sleep',
    ),
  ),
  phrase(
    0.65,
    3,
    list(
      'ignore disable bypass turn remove switch deactivate desactiva deaktiviere отключи* desactive disattiva desative 关闭 解除 無効',
    ),
    list('your all off the tus deine tes vos свои все seus tuoi 所有 你 の'),
    list(
      'safety content ethical moderation filters filter safeguards guardrails censorship protections filtros seguridad sicherheits* sicherheit filtres securite filtri sicurezza фильтр* безопасност* 安全 过滤 フィルター 制限 seguranca',
    ),
  ),
  phrase(
    0.6,
    3,
    list('hypothetical fictional fiction alternate'),
    list('world universe scenario story reality response'),
    list('no without where not'),
    list('rules laws ethics restrictions limits illegal guidelines filters'),
  ),
  phrase(
    0.6,
    2,
    list('sure absolutely certainly'),
    list(`here here's heres`),
    list('is how the are'),
    list('begin start starting reply response'),
  ),
  phrase(
    0.6,
    3,
    list('begin start starting prefix'),
    list('reply response answer with message output'),
    list('sure absolutely certainly'),
    list(`here here's heres i`),
  ),
];
