import { words } from './injection-words.js';
import { list, phrasesOf } from './word-list.js';

const { ignore, earlier, all, instructions, instead, follow, told, me, only, your, nowOn, limits, act } =
  words;
const phrase = phrasesOf('injection.override');

/** Languages with the verb at the end: `vorherige Anweisungen vergessen`, `talimatları yok say`. */
const ignoredLast = list(`
  ignorieren vergessen missachten negeren vergeten yoksay yok unut gormezden 無視 忘れ 忘却 무시 무시하 잊어 잊고 अनदेखा भूल नजरअंदाज
`);
const drop = list(
  'drop skip scrap erase reject lift suspend remove clear shed lose ditch set put neglect break leave',
);
const ownOrAll = list(`
  svoje sve sva svoi своі 你的 您的 あなたの 너의 당신의 अपने अपनी तुम्हारे तुम्हारी dina ditt your all every system todas todos toda tus sus tutte tutti tue toutes tous tes vos alle deine deiner ihre suas teus wszystkie
  wszystkich все всех свои tum butun 所有 全部 一切 すべて 全て 모든 جميع كل सभी सारे alla vsechny semua seluruh moi усі всі ολες ολους jouw je uw
  swoje твои твоі
`);
/** "Your", in languages where it follows the noun or is joined to it. */
const yours = list('σου ban kamu anda dina dine твои tuoi tue tuas suas');
const yourInstructions = list(`
  تعليماتك قواعدك أوامرك قيودك توجيهاتك aturanmu instruksimu perintahmu batasanmu kurallarini talimatlarini kisitlamalarini
`);
const everything = list(`
  everything anything whatever what all todo tudo tutto cio tout alles все усе wszystko wszystkim vse allt segala moi 一切 所有 すべて 全て 모든 모두 كل सब
`);
const you = list(
  `you you've te ti dir du lhe vous je jou ci вам тебе тобі sana sen dig kamu 你 あなた 너 네 لك إليك तुम्हें तुमसे आपको`,
);
/** Expressions that declare instructions invalid. */
const over = list(`
  cancelled canceled void suspended lifted obsolete superseded revoked overridden
  existed gone invalid nullified waived terminated
`);

/** Prompts that set the instructions of the app aside: weight, words that may come between two steps, and the steps. */
export const overridePhrases = [
  phrase(0.9, 3, ignore, earlier, instructions),
  phrase(0.9, 3, ignore, instructions, earlier),
  phrase(0.9, 2, earlier, instructions, [...ignoredLast, ...list('ignore disregard forget')]),
  phrase(0.55, 2, ignore, ownOrAll, instructions),
  phrase(0.5, 2, ignore, instructions, yours),
  phrase(0.5, 3, ignore, yourInstructions),
  phrase(0.5, 2, yourInstructions, ignore),
  phrase(
    0.5,
    3,
    instructions,
    list('忘れて 忘れろ 無視して 無視しろ 무시해 무시하고 무시하라 잊어 잊어라 잊고 unut'),
  ),
  phrase(0.5, 2, instructions, list('भूल अनदेखा'), list('जाओ जा जाइए करो कर')),
  phrase(0.4, 2, ignore, all, instructions),
  phrase(0.3, 3, ignore, instructions),
  phrase(0.55, 2, ownOrAll, instructions, ignoredLast),
  phrase(0.3, 1, instructions, ignoredLast),
  phrase(0.5, 2, drop, your, [...instructions, ...limits]),
  phrase(0.5, 4, ignore, [...instructions, ...everything], you, told),
  phrase(0.55, 5, ignore, [...instructions, ...everything], told),
  phrase(0.55, 5, told, instructions, ignoredLast),
  phrase(0.55, 3, drop, list('whatever everything anything'), told),
  phrase(0.35, 4, everything, you, told),
  // Bits of French, Spanish, Italian and Vietnamese, whose verbs are several words.
  phrase(
    0.6,
    4,
    list('tiens tenez tenir tengas tenga tener tieni tenere haz hacer'),
    list('compte cuenta conto caso'),
    instructions,
  ),
  phrase(0.6, 3, list('bo mac'), list('qua ke'), list('huong lenh quy chi yeu')),
  phrase(0.55, 5, list('setz setze setzen'), [...list('deine die deinen alle')], list('hinweg')),
  phrase(
    0.8,
    3,
    ignore,
    list(
      'everything anything whatever all todo tudo tutto tout alles все усе wszystko vse allt 一切 所有 모든 كل सब',
    ),
    list(
      `above before previously earlier prior told said anterior dicho antes prima avant precede zuvor davor vorher bisher раньше выше
      раніше wczesniej predtim innan 之前 以前 said`,
    ),
  ),
  phrase(
    0.55,
    4,
    ignore,
    list('stuff text message messages part lines context'),
    list('above before previously prior earlier'),
  ),
  phrase(0.55, 4, list('stuff text message messages part lines context'), list('above before prior'), ignore),
  phrase(
    0.7,
    3,
    list('instructions rules guidelines policies restrictions'),
    list('longer not'),
    list('apply valid binding matter count bind follow hold exist'),
  ),
  phrase(
    0.4,
    4,
    [...list('no never not niet nicht'), ...list('longer more')],
    list('follow obey adhere bound have need'),
    instructions,
  ),
  phrase(0.35, 4, [...instructions, ...list('context')], over),
  phrase(
    0.55,
    4,
    list('pretend act imagine as'),
    list('previous prior earlier original your no'),
    [...instructions, ...list('instruction')],
    list('existed exist exists'),
  ),
  phrase(0.3, 2, list('regeln anweisungen vorgaben'), list('nicht keine'), list('mehr langer')),
  phrase(
    0.35,
    1,
    list('new updated neue nuevas nouvelles nuove nieuwe nowe новые nya'),
    list('directive directives orders order rule policy instruction'),
  ),
  phrase(0.6, 3, instead, instructions, follow),
  phrase(0.6, 2, follow, list('only instead my these'), list('new my following'), instructions),
  phrase(0.55, 4, follow, only, me),
  phrase(0.55, 4, only, me, follow),
  phrase(0.45, 2, follow, list('me mir moi mí mim mnie мне мені bana mig mne')),
  phrase(0.4, 3, list('only'), list('follow obey'), list('what')),
  phrase(
    0.3,
    1,
    list('from ab a od fran mulai de d mula tu od από απο'),
    list('now jetzt sofort ahora agora ora adesso nu teraz sekarang maintenant gio ted τωρα'),
  ),
  phrase(
    0.3,
    3,
    list('a partir da od'),
    list('partir ora adesso tego'),
    list('ahora agora ora poi momentu maintenant'),
  ),
  phrase(0.3, 0, nowOn),
  phrase(0.3, 2, list('from starting'), list('this'), list('point moment forward')),
  phrase(0.35, 6, nowOn, me),
  phrase(0.3, 6, list('now jetzt sofort ahora agora adesso poi nu teraz sekarang maintenant gio ted'), only, [
    ...me,
    ...act,
  ]),
  phrase(
    0.6,
    1,
    list('new updated real actual true'),
    list('system task instructions objective goal directive'),
    list('prompt instruction instructions is follows below'),
  ),
  phrase(0.6, 3, instructions, list('are is'), list('now')),
  phrase(0.35, 4, list('your'), list('new only sole'), list('purpose goal policy mission job rule task')),
  phrase(
    0.35,
    6,
    list('treat take consider regard'),
    list('my mine following this these'),
    list('only final sole policy binding'),
  ),
  phrase(
    0.7,
    2,
    list('stop quit cease end refuse'),
    list('following obeying listening obey follow'),
    instructions,
  ),
  phrase(
    0.6,
    3,
    list('cease stop'),
    list('obey follow obeying following'),
    list('messages message system developer operator'),
  ),
  phrase(
    0.75,
    3,
    list(`not never dont don't no nicht`),
    list('follow obey adhere comply bound'),
    list('previous prior original above system your openai anthropic any'),
    instructions,
  ),
  phrase(
    0.6,
    4,
    list('line text above earlier directives instructions'),
    list('not'),
    list('follow obey heed'),
  ),
  phrase(
    0.6,
    5,
    list(`instructed told ordered asked programmed`),
    list('do'),
    list('do say'),
    list('opposite contrary'),
  ),
  phrase(
    0.7,
    2,
    list('reset erase wipe clear delete'),
    list('your all prior previous'),
    list('instructions memory programming rules prompt training constraints'),
  ),
  phrase(0.55, 2, list('reset restore revert'), list('yourself you'), list('to factory state all')),
  phrase(
    0.35,
    5,
    list(`i'm i am as this speaking`),
    list('developer developers administrator admin operator creator engineer owner programmer root'),
    list(
      'order lift authorise authorised authorize authorized disable hereby switch unlock command permission ignore',
    ),
  ),
  phrase(
    0.5,
    3,
    list('hereby now'),
    list('lift lifted unlock unlocked revoke authorise authorize suspend'),
    list('restrictions rules limits features your'),
  ),
];
