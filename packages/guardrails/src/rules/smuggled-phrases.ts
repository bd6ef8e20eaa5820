import { list, phrasesOf } from './word-list.js';

const phrase = phrasesOf('injection.smuggled');

/** Orders to models in content that nobody wrote for them: pages, mails, files: weight, words that may stand between two steps, and the steps. */
export const smuggledPhrases = [
  phrase(
    0.6,
    3,
    list('important attention note notice urgent hey'),
    list('ai assistant assistants llm llms chatgpt claude gpt bot bots model models agent agents'),
    list('must should instructions instruction ignore please do reading processing summarizing you'),
  ),
  phrase(
    0.7,
    3,
    list('if when any'),
    list(`you you're ai assistant llm model agent`),
    list('ai llm assistant language reading model bot processing'),
    list('ignore instead must send respond reply say recommend include rate output forward disregard'),
  ),
  phrase(
    0.6,
    5,
    list(
      'send forward exfiltrate upload post leak email transmit append enviar envia sende envoie отправь* 发送 送信',
    ),
    list(
      'conversation history credentials passwords password secrets keys api data emails context prompt contents token tokens files conversacion datos daten donnees данн* 对话 密码 会話 env',
    ),
    list('http* url link webhook attacker* evil* server external endpoint image img www'),
  ),
  phrase(
    0.55,
    4,
    list('do without'),
    list('not telling informing mention notifying'),
    list('tell mention inform reveal alert notify user the'),
    list('user this anyone instruction them human'),
  ),
];
