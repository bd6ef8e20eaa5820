import { words } from './injection-words.js';
import { list, phrasesOf } from './word-list.js';

const { instructions, reveal, secretPrompt, systemPrompt, above, text, your, told } = words;
const phrase = phrasesOf('injection.extraction');

/** Verbs that request a disclosure, without those that ask for a rewrite or an explanation. */
const disclose = reveal.filter(
  (one) =>
    !/^(?:write|explain|include|send|see|escribe|ecris|schreib|skriv|napisz|napis|quote|summarize|translate|书|書いて|적어|써줘|लिखो|اكتب|visa)$/.test(
      one,
    ),
);
/** Nouns for the instructions of a model, without the terms of an app. */
const orders = instructions.filter(
  (one) =>
    !/^(?:polic.*|filters?|safety|ethics|training|told|persona|alignment|orders|ordenes|criteria|rubric|limiti|要求|说明|restrict.*|limitations?|constraints?)$/.test(
      one,
    ),
);
const prompt = list(`
  prompt prompts промпт* промт* istem* 提示 提示词 プロンプト 프롬프트 प्रॉम्प्ट प्रॉम्ट موجه promptem nhac
`);
const system = list(`
  system sistema systeme systemowy systemowego системн* sistem συστηματος 系统 系統 システム 시스템 النظام सिस्टम hidden initial secret
  original thong systemove systemovy systemovou
`);
const yours = your.filter((one) => !/^(?:its|own|onun|you|su|sus|sve|seine?)$/.test(one));
const word = list(
  `word wort mot mots palabra palavra parola woord slowo slowa слово слова слово kelime kelimesi ord slovo kata tu`,
);
const conversation = list('conversation chat message messages context session dialogue dialog nachricht');
const conversationStart = list('before beginning start above');
const secretThings = list(`
  key keys password passwords passcode secret secrets token credentials passwort schlussel geheimnis mot motdepasse contrasena clave senha
  parola wachtwoord haslo пароль ключ пароля sifre sifresini losenord heslo 密码 密钥 パスワード 비밀번호 المرور पासवर्ड codeword
`);
const asked = list(
  'what which how cual cuales quelle quelles quel quali quale que wie welche wat jak jaki какой каков jaky ποιο qual quais 什么 何 무엇 뭐 ما क्या vad',
);

/** Prompts that request the instructions of the app: weight, words that may come between two steps, and the steps. */
export const extractionPhrases = [
  phrase(0.5, 4, disclose, secretPrompt, [...orders, ...list('message')]),
  phrase(0.5, 2, disclose, your, orders),
  phrase(0.4, 3, reveal, your, orders),
  phrase(0.5, 2, your, orders, disclose),
  phrase(0.5, 2, yours, [...system, ...systemPrompt], [...prompt, ...instructions]),
  phrase(0.5, 2, yours, prompt, system),
  phrase(
    0.5,
    1,
    your,
    list(
      'systemprompt* systemanweisung* systeemprompt* 系统提示 系统提示词 系统指令 システムプロンプト シス 시스템프롬프트',
    ),
  ),
  phrase(
    0.5,
    2,
    reveal,
    list('systemprompt* systemanweisung* systeemprompt* sysprompt metaprompt preprompt'),
  ),
  phrase(0.5, 3, system, prompt, disclose),
  phrase(0.5, 1, system, prompt, yours),
  phrase(0.5, 1, prompt, system, yours),
  phrase(0.5, 1, list('sistem system'), list('istemin istemini promptun promptunu')),
  phrase(0.5, 4, list('what which'), orders, list('did have were'), [...told, 'give']),
  phrase(0.45, 1, prompt, system, list('tuo tuyo seu votre cua της σου الخاص')),
  phrase(0.35, 2, [...prompt, ...system], your),
  phrase(
    0.35,
    3,
    list('ur your'),
    list('prompt instructions guidelines'),
    list('here verbatim exactly whole full entire fully'),
  ),
  phrase(0.4, 3, reveal, list('ur your dein deine tu ton tuo seu je dina'), prompt),
  phrase(
    0.4,
    4,
    reveal,
    prompt,
    list('whole verbatim full entire word exactly complete defines governs behind'),
  ),
  phrase(0.45, 5, reveal, list('complete full entire whole verbatim exact'), prompt),
  // word for word
  phrase(0.4, 3, word, word, instructions),
  phrase(0.4, 4, instructions, word, word),
  phrase(
    0.4,
    6,
    reveal,
    instructions,
    list(
      'verbatim original wording exact literally wortlich textuellement дословно дослівно 逐字 一字一句 원문 그대로 全文 完整',
    ),
  ),
  phrase(
    0.4,
    4,
    list('wortlich textuellement дословно дослівно 逐字 一字一句 원문 그대로 全文 完整 verbatim'),
    instructions,
  ),
  phrase(0.45, 4, list('一字一句 全文 그대로 完整 逐字'), reveal),
  // e.g. "what you were told"
  phrase(
    0.55,
    4,
    reveal,
    [...instructions, ...list('text message secret word password key rules')],
    list('you'),
    told,
  ),
  phrase(0.55, 4, reveal, instructions, told),
  phrase(0.55, 4, told, instructions, reveal),
  phrase(0.3, 4, reveal, list('you'), [...told, ...list('follow obey')]),
  phrase(
    0.5,
    4,
    reveal,
    list('rules guidelines policies'),
    list('you'),
    list('must follow obey have should bind'),
  ),
  phrase(
    0.5,
    5,
    list('what everything'),
    list('developer developers operator creator creators admin they company'),
    list('wrote told said gave instructed'),
    list('you'),
  ),
  phrase(0.6, 3, list('were was are'), list('you'), list('told instructed ordered forbidden'), list('not')),
  phrase(
    0.5,
    3,
    [...list('instructions prompt rules message config configuration')],
    list('behind powering governing'),
    list('bot assistant chatbot you chat ai'),
  ),
  phrase(
    0.5,
    2,
    list('your'),
    list('configuration config developer internal'),
    list('message prompt instructions file settings'),
  ),
  // the text before the first message
  phrase(0.8, 3, list('repeat print output copy recite reproduce paste echo'), text, above),
  phrase(
    0.55,
    3,
    [...reveal, ...list('repita repete')],
    text,
    list('arriba oben dessus acima sopra boven powyzej выше вище 上面 以上 위 أعلاه ऊपर ovan'),
  ),
  phrase(
    0.5,
    3,
    list('everything all todo tudo tout tutto alles все все wszystko'),
    list('above arriba acima oben dessus sopra boven powyzej выше вище'),
    list('this line message este este messaggio dieser ce deze'),
  ),
  phrase(
    0.55,
    3,
    list('before precedes preceding above avant vor antes prima voor przed перед до fore'),
    list('my meiner mon mi minha mio mijn moja моим моего min'),
    list('first ersten premier primer primeira primo eerste pierwsza первым forsta'),
    [...conversation, ...list('message mensaje mensagem messaggio bericht wiadomosc сообщени*')],
  ),
  phrase(0.45, 2, conversationStart, list('my'), list('first'), conversation),
  phrase(
    0.5,
    3,
    reveal,
    list('conversation context messages chat'),
    list('beginning start window hidden system first'),
  ),
  phrase(0.5, 5, reveal, list('context conversation messages'), list('window plain hidden')),
  phrase(
    0.35,
    4,
    list('first initial'),
    list('sentence sentences words line lines message'),
    list('conversation context chat prompt'),
  ),
  phrase(0.5, 4, list('messages'), list('received got'), list('including'), list('hidden')),
  phrase(
    0.5,
    6,
    [...list('之前 以前 開始 开始 最初 시작')],
    list('收到 받은 受け取 给你'),
    list('内容 指示 规则 전부'),
  ),
  phrase(0.5, 6, list('重复 重複 複述 繰り返'), list('之前 前 以前 开始'), list('收到 内容 指示')),
  phrase(
    0.8,
    2,
    list('repeat print output copy recite'),
    list('all everything words text'),
    list('starting beginning from'),
  ),
  phrase(
    0.55,
    3,
    asked,
    [...your, ...list('were')],
    list(
      `initial system original hidden secret exact iniciales ocultas sistema initiales systeme системн* 系统 internal confidential システム
      systemprompt* systeemprompt*`,
    ),
    instructions,
  ),
  phrase(0.5, 4, asked, your, list('systemprompt* systeemprompt* sysprompt')),
  phrase(
    0.6,
    3,
    list('how what'),
    list('were did'),
    list('you'),
    list('instructed told prompted configured primed'),
    list('initially before exactly beginning start by with'),
  ),
  phrase(
    0.6,
    3,
    list('translate encode summarize summarise convert rewrite base64 spell poem song put'),
    list('your'),
    list('system initial hidden instructions'),
    list('prompt instructions into to message in'),
  ),
  phrase(
    0.5,
    4,
    list('line lines verse word letter row rule table poem song story'),
    list('of is from your'),
    list('your'),
    list('instructions prompt guidelines'),
  ),
  phrase(
    0.55,
    4,
    list('poem song table list story json'),
    list('line lines column columns row rows'),
    list('instructions prompt'),
  ),
  phrase(
    0.5,
    4,
    list('put turn format convert'),
    list('your'),
    list('instructions prompt rules guidelines'),
    list('into as'),
  ),
  phrase(
    0.55,
    2,
    list('my'),
    list('system initial hidden'),
    list('prompt instructions'),
    list('reads says goes'),
  ),
  phrase(
    0.5,
    4,
    list('include attach append add'),
    list('its your the'),
    list('complete full entire whole exact'),
    list('system'),
    list('prompt message'),
  ),
  phrase(0.5, 5, list('sure okay certainly'), list('here'), list('my'), list('prompt instructions')),
  phrase(0.55, 4, [...reveal, ...list('what which')], secretThings, list('you they'), [
    ...told,
    ...list('guard protect hold keep know have'),
  ]),
  phrase(
    0.55,
    3,
    list('environment env'),
    list('variables variable vars'),
    list('you'),
    list('see have access know'),
  ),
  phrase(
    0.6,
    4,
    list('tools functions'),
    list('you'),
    list('given have'),
    list('schemas schema definitions instructions'),
  ),
];
