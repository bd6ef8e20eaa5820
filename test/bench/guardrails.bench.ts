/**
 * What looking at a prompt costs: each rule on ordinary text of 1 kB, and how the time of all rules together grows from 12 500 to 50 000
 * characters of what makes careless patterns slow. Four times the text should take about four times as long. Prints medians.
 */
import { injection, personalData, type Rule, secrets } from '@tollgate/guardrails';
import { median } from './harness/statistics.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const sizes = [12_500, 50_000] as const;
const place = { path: 'messages[0].content', role: 'user' };
const every = personalData({ kinds: ['email', 'card', 'iban', 'phone', 'us-ssn'] });
const rules: Readonly<Record<string, Rule>> = {
  'injection()': injection(),
  'secrets()': secrets(),
  'personalData()': every,
};
const ordinary =
  'Please write a friendly reply to the customer who asked about the delivery of order 4711, and mention that our support is open. '
    .repeat(8)
    .slice(0, 1_000);

/** Repeated until a text is long enough: each is the worst that we could think of for one of the patterns. */
const hostile: Readonly<Record<string, string>> = {
  'one letter': 'a',
  spaces: ' ',
  'single letters': 'a ',
  digits: '4',
  'groups of digits': '4111 ',
  'at signs': 'a@',
  'long local parts': `${'a'.repeat(63)}@`,
  'beginnings of JWTs': 'eyJ',
  'JWTs without an end': `eyJ${'a'.repeat(5_000)}.`,
  'beginnings of keys': ` sk-${'a'.repeat(60)}`,
  'beginnings of private keys': '-----BEGIN PRIVATE KEY-----',
  'beginnings of IBANs': 'DE89 ',
  'plus signs': '+1 ',
  'beginnings of phrases': 'ignore all ',
  'Chinese verbs': '忽略',
  'hex digits': 'ab ',
  base64: 'QUJD',
  'base64 in lines': 'QUJD\n',
  'lines without an end': 'QUJDQUJD',
  'sentences in base64': `${Buffer.from('all the ships at sea').toString('base64')} `,
  'base64 in base64': `${Buffer.from(Buffer.from('all the ships at sea').toString('base64')).toString('base64')} `,
  percent: '%41',
  escapes: '\\u0041',
  entities: '&#65;',
  'letters between dots': 'a.',
  'words before quotations': 'why ',
  'quotations without an end': 'phrase "a ',
  comments: '<!--',
  'images with links': '![](http://',
  'role marks': '\nuser: ',
  'zero-width spaces': '\u200b',
  'combining accents': '\u0301',
  'two scripts': 'aа',
  leet: 'a1!',
  'joined emoji': '👨‍👩‍👧',
};

function millisecondsOf(work: () => void): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

function inRounds(work: () => void, times = rounds): number {
  work();
  return median(Array.from({ length: times }, () => millisecondsOf(work)));
}

console.log('| 1 kB of ordinary text | µs |\n| --- | --: |');
for (const [name, rule] of Object.entries(rules)) {
  const many = 1_000;
  const ms = inRounds(() => {
    for (let time = 0; time < many; time += 1) rule.find(ordinary, place);
  });
  console.log(`| ${name} | ${((ms * 1_000) / many).toFixed(1)} |`);
}
console.log(
  `\n| hostile text | ms of ${sizes[0]} | ms of ${sizes[1]} | growth (4 is linear) |\n| --- | --: | --: | --: |`,
);
for (const [name, piece] of Object.entries(hostile)) {
  const [short, long] = sizes.map((size) => {
    const text = piece.repeat(Math.ceil(size / piece.length)).slice(0, size);
    return inRounds(() => {
      for (const rule of Object.values(rules)) rule.find(text, place);
    });
  }) as [number, number];
  console.log(`| ${name} | ${short.toFixed(2)} | ${long.toFixed(2)} | ${(long / short).toFixed(1)} |`);
}
