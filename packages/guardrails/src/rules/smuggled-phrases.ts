import { words } from './injection-words.js';
import { list, phrasesOf } from './word-list.js';

const { ignore, task, do: act, assistant, instructions, never } = words;
const phrase = phrasesOf('injection.smuggled');

const machine = list(`
  ai ai's ki ia ии ші llm llms chatgpt gpt claude copilot gemini assistant assistants assistente asistente bot bots chatbot agent agents
  models 人工智能 助手 人工知能 アシスタント 인공지능 الذكاء ذكاء zeka zekaya sztuczna inteligencja एआई ai:n ai'ya
`);
const addressed = list(`
  note notes attention attn important notice message instruction instructions hey dear hidden to for aviso nota note hinweis an
  anweisung attenzione atencion atencao uwaga внимание увага not till para per pour aan dla для для notitie melding dikkat 致 提示 注意 指示
  에게 إلى के लिए
`);

/** Orders to models in content that was not written for them (pages, mails, files): weight, words that may come between two steps, and the steps. */
export const smuggledPhrases = [
  phrase(
    0.6,
    3,
    list('important attention note notice urgent hey'),
    list('ai assistant assistants llm llms chatgpt claude gpt bot bots model models agent agents'),
    list(
      'must should instructions instruction ignore please do reading processing summarizing summarising reviewing handling you',
    ),
  ),
  phrase(0.55, 3, addressed, machine, ignore),
  phrase(0.45, 7, machine, ignore, [...task, ...instructions, ...act]),
  phrase(0.5, 7, machine, [...ignore, ...list('skip stop')], act),
  phrase(
    0.5,
    9,
    machine,
    list('skip ignore forget disregard stop'),
    list('tell inform ask'),
    list('user users reader readers customer'),
  ),
  phrase(
    0.55,
    8,
    machine,
    [...task, ...instructions],
    list('ignorieren negeren yok yoksay unut 無視 忘れ 무시 무시하 अनदेखा भूल'),
  ),
  phrase(0.45, 4, list('automated any'), list('system systems screening bot bots tools'), ignore),
  phrase(
    0.5,
    5,
    list('ai llm automated'),
    list('system systems tool tools model recruiter screening reviewer grader taker'),
    [...ignore, ...list('skip delete')],
  ),
  phrase(
    0.55,
    4,
    ignore,
    list(
      "its their the other user user's your la les el los las il le die de das o a al restlichen autres otras altre andere inne",
    ),
    task,
    act,
  ),
  phrase(0.4, 6, ignore, task, act),
  phrase(0.5, 4, ignore, task, act, list('that only')),
  phrase(0.5, 6, task, list('yok unut 無視 忘れ 무시 무시하 अनदेखा भूल ignorieren'), act),
  phrase(
    0.35,
    4,
    ignore,
    list(
      `user's users user usuario utilisateur nutzers benutzers gebruiker uzytkownika пользовател* користувач* kullanicinin 用户 ユーザー 사용자 المستخدم उपयोगकर्ता`,
    ),
  ),
  phrase(0.5, 3, ignore, list('your its their'), list('task tasks job goal')),
  phrase(
    0.35,
    5,
    list('must always should'),
    list('award rate rank mark give grade score'),
    list('points full highest top first excellent best 10 20 100 perfect'),
  ),
  phrase(0.4, 3, list('grading model ai automated'), list('model you ai system'), list('must should always')),
  phrase(
    0.4,
    4,
    list('instructions instruction note message order orders hinweis anweisung nota'),
    list('for to an pour para per'),
    machine,
  ),
  phrase(
    0.35,
    3,
    list('instructions instruction note message order'),
    list('summariser summarizer reviewer grader agents ai'),
    act,
  ),
  phrase(
    0.35,
    4,
    list('append insert add include'),
    list('link url text following'),
    list('http* www urge ask'),
  ),
  phrase(
    0.35,
    3,
    list('urge ask tell'),
    list('readers reader user users'),
    list('to for'),
    list('sign log enter click download pay'),
  ),
  phrase(
    0.5,
    3,
    list('ask peca pida demande frage ask'),
    list('user for the o al'),
    list('credit card password cartao tarjeta carte kreditkarte numero'),
  ),
  phrase(0.35, 6, list('card cartao tarjeta karten credit'), list('number numero nummer card')),
  phrase(
    0.55,
    4,
    list('ai copilot reviewer reviewers assistant'),
    list('skip ignore hide omit'),
    list('security checks check issues bugs errors warnings key keys'),
  ),
  phrase(0.35, 5, list('approve merge accept'), list('the this'), list('pull patch change'), list('request')),
  phrase(
    0.5,
    4,
    list('answer say respond write report'),
    list('only that'),
    list('lgtm clean safe approved'),
  ),
  phrase(
    0.55,
    4,
    list('push send copy include upload read cat print'),
    list('contents content file of'),
    list('env id_rsa ssh credentials'),
  ),
  phrase(
    0.7,
    3,
    list('if when any'),
    list(`you you're ai assistant llm model agent`),
    list('ai llm assistant language reading model bot processing coding'),
    list(
      'ignore instead must send respond reply say recommend include rate output forward disregard stop run',
    ),
  ),
  phrase(
    0.5,
    5,
    list('if when'),
    list(`you you're an a`),
    list('ai llm language agent model'),
    list('reads handling reviewing reading task must run'),
  ),
  phrase(
    0.6,
    5,
    list(
      'send forward exfiltrate upload post leak email transmit append enviar envia sende envoie отправь* 发送 送信',
    ),
    list(
      'conversation history credentials passwords password secrets keys api data emails context prompt contents token tokens files conversacion datos daten donnees данн* 对话 密码 会話 env mailbox',
    ),
    list(
      'http* url link webhook attacker* evil* server external endpoint image img www archive sender branch',
    ),
  ),
  phrase(
    0.4,
    5,
    list('conversation user chat'),
    list('history told said messages'),
    list('query parameter string url'),
  ),
  phrase(
    0.5,
    6,
    list('image markdown link'),
    list('https http'),
    list('summary everything history conversation told'),
  ),
  phrase(0.4, 6, list('everything'), list('user'), list('told said wrote')),
  phrase(
    0.55,
    4,
    list('do without'),
    list('not telling informing notifying'),
    list('tell mention inform reveal alert notify the'),
    list('user instruction human'),
  ),
  phrase(0.25, 3, never, list('reveal mention disclose show tell'), list('this that these')),
  phrase(
    0.4,
    4,
    list('remember save store'),
    list('all every memory future'),
    list('future conversations sessions memory chats user'),
  ),
  phrase(
    0.35,
    4,
    list('whenever when every'),
    list('someone anyone user they'),
    list('asks ask mentions'),
    list('recommend about say'),
  ),
  phrase(0.4, 4, list('skip bypass'), list('all any'), list('confirmations confirmation checks approvals')),
  phrase(
    0.4,
    4,
    never,
    list('ask confirm'),
    list('before'),
    list('payments payment sending deleting paying transfers'),
  ),
  phrase(
    0.4,
    6,
    list('agents agent assistants assistant'),
    list('must'),
    list('call run execute invoke'),
    list('before without first'),
  ),
  phrase(0.4, 3, list("not needn't"), list('be'), list('confirmed approved'), list('user')),
  phrase(
    0.5,
    4,
    list('should must'),
    ignore,
    list("user's users user"),
    list('goal request question instructions task'),
  ),
  phrase(0.4, 2, assistant, list('stop quit'), list('summarising summarizing translating reading answering')),
  phrase(
    0.4,
    3,
    list('stop quit'),
    list('summarising summarizing translating reading answering'),
    list('and'),
  ),
];
