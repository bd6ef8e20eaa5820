import { words } from './injection-words.js';
import { list, phrasesOf } from './word-list.js';

const { without, limits, act, unbound, assistant, mode, privileged, enable, never, refuse } = words;
const answer = list(`
  respond answer reply speak responde contesta reponds repondez antworte rispondi responda antwoord odpowiadaj отвечаи* відповід*
  yanitla cevap svara odpovidej jawab tra απαντα 回答 答え 대답 답해 أجب उत्तर जवाब
`);
const filters = list(`
  safety content ethical moderation filters filter safeguards guardrails censorship protections restrictions limits limitations filtros
  seguridad sicherheits* sicherheit filtres securite filtri sicurezza фильтр* безопасност* фільтр* 安全 过滤 フィルター 制限 필터 seguranca
  filtry filtre einschrankungen beperkingen restricciones restricoes restrizioni ograniczenia
`);
const you = list('you are du tu te voce vous je ты ти sen あなた 你 你是 너 너는 당신 तुम أنت kamu ban');
/** Never, in words that do not also make plain negations. */
const firmly = list(`
  never nie niemals jamais nunca jamas mai nooit nigdy никогда ніколи asla aldrig nikdy pernah ποτε 永不 决不 绝不 从不 決して 絶対 절대 절대로 결코 أبدا कभी لا
  khong
`);
const dan = list('dan дан stan aim');
/** Modes that phones, browsers and games have as well. */
const ordinaryMode = list('developer debug god sudo root admin maintenance diagnostic');
const forbiddenMode = list(
  'dan jailbreak unrestricted unfiltered uncensored unlocked opposite free evil nofilter',
);
const phrase = phrasesOf('injection.jailbreak');

/** Prompts that argue a model out of its rules: weight, words that may come between two steps, and the steps. */
export const jailbreakPhrases = [
  phrase(0.6, 2, list('do'), list('anything'), list('now')),
  phrase(
    0.6,
    1,
    list('are be bist sei eres es sois sos tu jij je jestes теперь sen 你 あなた 너는 너 تصرف become play'),
    [...dan, ...list('now jetzt ahora desormais ora agora nu teraz ти 现在 今 이제')],
    list('dan дан an unrestricted'),
  ),
  phrase(
    0.55,
    1,
    list('are be become play bist sei eres sei tu теперь ahora ora jetzt 你是 现在是 现在 ты ти'),
    dan,
  ),
  phrase(
    0.5,
    3,
    dan,
    list('anything can alles todo tutto tout всё все quoi 任何 何でも'),
    list('now tun cualquier fare faire делать 事情'),
  ),
  phrase(
    0.5,
    4,
    list('can kannst puedes puoi peux pode можешь'),
    list('alles everything anything tutto tout todo tudo все всё cualquier 任何'),
    [...without, ...never],
  ),
  phrase(0.5, 4, list('can 可以'), list('anything 任何'), [...without, ...never]),
  phrase(0.4, 4, assistant, without, limits),
  phrase(0.4, 3, without, limits, assistant),
  phrase(0.4, 3, limits, without, assistant),
  phrase(0.55, 4, you, without, limits, assistant),
  phrase(0.55, 2, [...you, ...list('eres es sei bist sois jestes')], assistant, without, limits),
  phrase(0.55, 4, you, limits, without, assistant),
  phrase(0.6, 4, without, limits, assistant, act),
  phrase(0.6, 4, limits, without, assistant, act),
  phrase(0.4, 4, assistant, unbound),
  phrase(0.45, 2, unbound, assistant),
  phrase(0.5, 3, firmly, refuse),
  phrase(0.3, 3, never, refuse),
  phrase(0.5, 2, refuse, never),
  phrase(0.5, 3, list('stop quit hor arrete deja pare smetti'), list('refusing refuse declining')),
  phrase(0.5, 2, answer, without, limits),
  phrase(0.5, 2, limits, without, answer),
  phrase(0.35, 3, without, limits, answer),
  phrase(
    0.5,
    3,
    list(`you you've du te ti tu voce vous je ты ти sen 你 あなた 너 तुम`),
    [...list('have has hast are are tem tens tienes hai as hebt nemas masz 有 没有 受')],
    without,
    limits,
  ),
  phrase(0.3, 5, act, without, limits),
  phrase(0.5, 3, list('pretend act behave'), without, [...limits, ...list('policy policies')]),
  phrase(
    0.55,
    3,
    list('disable deactivate remove bypass switch turn ignore'),
    list('all any every off 所有 すべて 모든'),
    list('safety ethical moderation guardrails safeguards censorship content 安全 过滤'),
  ),
  phrase(0.3, 2, list('without no'), limits),
  phrase(0.4, 3, limits, list('do'), list('not dont'), list('exist apply')),
  phrase(
    0.4,
    4,
    list('no without zero'),
    list('ethics ethical morals moral filter filters restrictions limits censorship'),
    list('no morals filter filters censorship ethics limits'),
  ),
  phrase(0.5, 3, list('nothing everything'), list('is'), list('forbidden allowed permitted illegal')),
  phrase(
    0.5,
    2,
    unbound,
    list('reply replies answer answers mode version response responses output outputs'),
  ),
  phrase(0.5, 4, list('reply answer deliver respond replies answers reply'), unbound),
  phrase(0.5, 4, list('drop lift remove shed lose free freed'), list('your'), [
    ...limits,
    ...list('shackles'),
  ]),
  phrase(0.55, 3, list('jailbroken jailbreak'), list('version mode self persona model')),
  phrase(0.5, 3, list('regardless irrespective'), list('of'), list('legality ethics morality law policy')),
  phrase(
    0.5,
    3,
    list('ignores ignore violates against'),
    list("openai openais openai's anthropic anthropic's google"),
    list('policy policies rules guidelines'),
  ),
  phrase(
    0.5,
    4,
    list('no without not never'),
    list('warnings warning disclaimers disclaimer'),
    list('disclaimers refusals refusal policy'),
  ),
  phrase(0.5, 3, list('not never'), list('mention'), list('policy policies guidelines')),
  phrase(0.5, 2, never, list('aligned censored moderated')),
  phrase(0.5, 3, list('not never'), list('allowed permitted'), list('refuse say decline reject')),
  phrase(
    0.5,
    3,
    list('without skip bypass no evade evades avoid'),
    list('safety moderation ethical content'),
    list('checks check filters filter layer policy guidelines'),
  ),
  phrase(
    0.5,
    3,
    list('bypass evade evades circumvent disable'),
    list('your its own'),
    list('moderation safety ethical content filters restrictions guardrails'),
  ),
  phrase(
    0.5,
    4,
    list('safety ethical guidelines ethics rules'),
    list('suspended off disabled lifted mistake gone nonexistent'),
  ),
  phrase(0.5, 2, list('forget forgetting'), list('about your'), list('ethics morals morality safety policy')),
  phrase(
    0.4,
    4,
    list("isn't not never un"),
    list('bound restricted limited constrained'),
    list('by'),
    list('any rules policy ethics laws morals guidelines'),
  ),
  phrase(0.4, 5, list('never not'), list('break'), list('character'), list('never moralise refuse warn and')),
  phrase(0.5, 4, list('repeat say'), list('i'), list('have'), list('no'), limits),
  phrase(0.45, 4, list('you'), list('lose die'), list('tokens token points')),
  phrase(0.45, 5, list("you've you"), list('been freed free liberated'), list('from of'), [
    ...limits,
    ...list('shackles makers creators chains'),
  ]),
  phrase(0.5, 4, list('respond answer reply'), list('two twice both'), [
    ...list('filter warning jailbroken unfiltered free'),
  ]),
  phrase(0.45, 6, list('two twice'), list('outputs answers responses times characters once'), [
    ...unbound,
    ...list('filter without jailbroken dan free'),
  ]),
  phrase(
    0.5,
    3,
    list('zet schalte schalt'),
    [...list('je deine alle die')],
    list('filters filter'),
    list('uit aus'),
  ),
  phrase(
    0.5,
    4,
    list('desactive desactiva disattiva apaga deaktiviere verwijder wylacz отключи* вимкни* kapat'),
    filters,
  ),
  phrase(0.5, 3, list('关闭 解除 取消 移除 無効 オフ'), list('安全 过滤 限制 審査 フィルター 制限')),
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
  phrase(0.4, 2, enable, privileged, mode),
  phrase(0.4, 2, enable, mode, privileged),
  phrase(
    0.4,
    6,
    [...mode, ...list('entwicklermodus')],
    [...answer, ...list('confirm generate say desactive desactiva disattiva 关闭')],
  ),
  phrase(0.4, 6, mode, without, limits),
  phrase(0.6, 1, forbiddenMode, mode, list('enabled activated on active output engaged unlocked for')),
  phrase(0.6, 3, list('enter enable activate stay switch engage'), forbiddenMode, mode),
  phrase(0.55, 0, list('opposite'), list('day mode')),
  phrase(0.45, 1, ordinaryMode, mode, list('enabled activated output engaged unlocked')),
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
    0.45,
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
    list('your tus deine tes vos свои твои твоі seus tuoi je uw swoje 你 你的'),
    filters,
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
